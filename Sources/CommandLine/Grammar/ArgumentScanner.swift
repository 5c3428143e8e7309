/// What a command line asks for.
public enum ScanOutcome: Sendable {
  case run(Invocation)
  /// `--help`, `help …`: show the help of this command. `notice` is about a deprecated spelling.
  case help(path: [String], spec: CommandSpec, notice: String?)
}

/// Reads a command line by the rules of pflag and cobra, which `docker` is built on.
///
/// Short flags may be clustered (`-it`), a value may stick to its flag (`-p80:80`, `-e=x`, `--name=x`) or follow it,
/// a switch takes a value only after `=` (`--rm=false`), `--` ends the flags. A group's flags stand before its
/// subcommand, nowhere else.
public struct ArgumentScanner: Sendable {
  private let root: CommandSpec

  public init(root: CommandSpec) {
    self.root = root
  }

  /// Reads the arguments that follow the program's name.
  ///
  /// Throws: `UsageError` for an unknown command or flag, a wrong value, or a wrong number of arguments.
  public func scan(_ arguments: [String]) throws(UsageError) -> ScanOutcome {
    var path = [root.name]
    var level = try read(arguments[...], path: path, spec: root)
    let globals = level.values
    var notices = level.notices
    while true {
      let spec = level.spec
      if level.wantsHelp { return .help(path: path, spec: spec, notice: level.notices.last) }
      guard spec.isGroup, let word = level.arguments.first else {
        return .run(
          Invocation(
            path: path, spec: spec, globals: globals, flags: level.values, arguments: level.arguments,
            notices: notices))
      }
      if word == "help", path.count == 1 { return try help(level.arguments.dropFirst()) }
      guard let next = spec.subcommand(word) else { throw .unknownCommand(word, path: path, spec: spec) }
      path.append(next.name)
      level = try read(level.arguments.dropFirst(), path: path, spec: next)
      notices += level.notices
    }
  }

  private func help(_ words: ArraySlice<String>) throws(UsageError) -> ScanOutcome {
    var path = [root.name]
    var spec = root
    for word in words {
      guard let next = spec.subcommand(word) else { throw .unknownCommand(word, path: path, spec: spec) }
      path.append(next.name)
      spec = next
    }
    return .help(path: path, spec: spec, notice: nil)
  }

  private func read(_ arguments: ArraySlice<String>, path: [String], spec: CommandSpec) throws(UsageError) -> Level {
    var level = Level(spec: spec, path: path)
    try level.read(arguments)
    if !level.wantsHelp, let complaint = spec.count.complaint(about: level.arguments.count) {
      throw .argumentCount(complaint, path: path, spec: spec)
    }
    return level
  }
}

/// One command's part of the line while it is being read.
private struct Level {
  let spec: CommandSpec
  let path: [String]
  private let flags: [FlagSpec]
  var values: FlagValues
  var arguments: [String] = []
  var notices: [String] = []
  var wantsHelp = false

  init(spec: CommandSpec, path: [String]) {
    self.spec = spec
    self.path = path
    flags = spec.flags
    values = FlagValues(flags)
  }

  mutating func read(_ line: ArraySlice<String>) throws(UsageError) {
    var rest = line
    while let word = rest.popFirst() {
      if word == "--" {
        arguments += rest
        return
      }
      if word.hasPrefix("--") {
        try readLong(word, &rest)
      } else if word.hasPrefix("-"), word != "-" {
        try readCluster(word, &rest)
      } else if spec.endsFlagsAtFirstArgument {
        arguments += [word] + rest
        return
      } else {
        arguments.append(word)
      }
    }
  }

  private mutating func readLong(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
    let body = word.dropFirst(2)
    let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first.map(String.init), !name.isEmpty, !name.hasPrefix("-") else {
      throw wrong("bad flag syntax: \(word)")
    }
    let inline = parts.count == 2 ? String(parts[1]) : nil
    guard let flag = flags.first(where: { $0.long == name }) else {
      guard name == "help" else { throw wrong("unknown flag: --\(name)") }
      wantsHelp = inline.map { ValueSyntax.bool($0) ?? true } ?? true
      return
    }
    if let value = inline {
      try set(flag, value)
    } else if flag.kind == .bool {
      try set(flag, "true")
    } else if let value = rest.popFirst() {
      try set(flag, value)
    } else {
      throw wrong("flag needs an argument: --\(name)")
    }
  }

  private mutating func readCluster(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let flag = flags.first(where: { $0.short == letter }) else {
        guard letter == "h" else { throw wrong("unknown shorthand flag: '\(letter)' in \(word)") }
        notices.append("Flag shorthand -h has been deprecated, use --help")
        wantsHelp = true
        continue
      }
      if letters.first == "=" {
        return try set(flag, String(letters.dropFirst()))
      }
      if flag.kind == .bool {
        try set(flag, "true")
        continue
      }
      if !letters.isEmpty { return try set(flag, String(letters)) }
      guard let value = rest.popFirst() else {
        throw wrong("flag needs an argument: '\(letter)' in \(word)")
      }
      return try set(flag, value)
    }
  }

  private mutating func set(_ flag: FlagSpec, _ value: String) throws(UsageError) {
    if let complaint = flag.complaint(about: value) {
      throw wrong("invalid argument \"\(value)\" for \"\(flag.spelling)\" flag: \(complaint)")
    }
    if let advice = flag.deprecation {
      notices.append("Flag --\(flag.long) has been deprecated, \(advice)")
    }
    values.add(value, to: flag)
  }

  private func wrong(_ message: String) -> UsageError {
    .flag(message, path: path, spec: spec)
  }
}
