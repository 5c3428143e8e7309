import Diagnostics
import OCIImageSpec

/// One Dockerfile instruction that changes an image's configuration, as `--change` takes it.
struct ConfigurationChange {
  private let instruction: String
  private let argument: String
  private let text: String

  /// Throws: `invalid` for text without an argument.
  init(_ text: String) throws {
    self.text = text
    let parts = text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
    guard parts.count == 2 else {
      throw ClassifiedError(.invalid, "an instruction needs an argument", object: text)
    }
    instruction = parts[0].uppercased()
    argument = String(parts[1].drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// Throws: `invalid` for a malformed argument, `unsupported` for another instruction.
  func apply(to config: inout ImageConfiguration.Config) throws {
    switch instruction {
    case "CMD": config.command = command()
    case "ENTRYPOINT": config.entrypoint = command()
    case "ENV":
      for (name, value) in try pairs() {
        config.environment.removeAll { $0.prefix { $0 != "=" } == name }
        config.environment.append("\(name)=\(value)")
      }
    case "LABEL": for (name, value) in try pairs() { config.labels[name] = value }
    case "EXPOSE":
      let ports = words(argument).map { $0.contains("/") ? $0.lowercased() : "\($0)/tcp" }
      config.exposedPorts = Set(config.exposedPorts + ports).sorted()
    case "VOLUME": config.volumes = Set(config.volumes + (list() ?? words(argument))).sorted()
    case "USER": config.user = argument
    case "WORKDIR":
      let isAbsolute = argument.hasPrefix("/")
      config.workingDirectory = isAbsolute ? argument : "\(config.workingDirectory)/\(argument)"
    case "STOPSIGNAL": config.stopSignal = argument
    case "ONBUILD": config.onBuild.append(argument)
    default:
      throw ClassifiedError(
        .unsupported, "\(instruction) is not a valid change command", object: text,
        advice: "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR are")
    }
  }

  /// The words of a JSON list, or the line for the shell.
  private func command() -> [String] { list() ?? ["/bin/sh", "-c", argument] }

  private func list() -> [String]? {
    try? JSONDocument.decode([String].self, from: Array(argument.utf8), called: instruction)
  }

  /// `name=value …`, or the old `name value` with everything after the blank.
  private func pairs() throws -> [(String, String)] {
    let items = words(argument)
    guard items.first?.contains("=") == true else {
      let parts = argument.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      guard parts.count == 2 else {
        throw ClassifiedError(.invalid, "\(instruction) needs a name and a value", object: text)
      }
      return [(String(parts[0]), String(parts[1]))]
    }
    return try items.map { item in
      guard let equals = item.firstIndex(of: "="), equals > item.startIndex else {
        throw ClassifiedError(.invalid, "\(instruction) needs name=value", object: text)
      }
      return (String(item[..<equals]), String(item[item.index(after: equals)...]))
    }
  }

  /// Splits at blanks outside of quotes; a backslash takes the next character as it is.
  private func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in line {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\" && quote != "'" {
        isEscaped = true
      } else if character == quote {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character.isWhitespace {
        if let finished = word { words.append(finished) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}
