import JSON

/// A template that cannot be read, or that asks for what is not there; in the words of Go's text/template.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Counted in characters from the start of the template.
  public let offset: Int
  public let reason: String

  public var description: String { "template: :1:\(offset): \(reason)" }
}

/// One part of a template.
indirect enum TemplateNode: Sendable {
  case text(String)
  case output(TemplatePipeline)
  case assign(variable: String, TemplatePipeline)
  case branch(condition: TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
  case with(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
  case range(variables: [String], TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
}

/// Commands whose results are the last argument of the next.
struct TemplatePipeline: Sendable {
  var commands: [[TemplateOperand]]
}

/// One operand of a command.
struct TemplateOperand: Sendable {
  indirect enum Base: Sendable {
    case dot
    case variable(String)
    case literal(JSONValue)
    case function(String)
    case group(TemplatePipeline)
  }

  var base: Base
  /// The fields that follow it: `.State.Running`.
  var path: [String]
  let offset: Int
}

/// A word or mark inside `{{ }}`.
enum TemplateToken: Sendable, Equatable {
  /// `.A.B` or a lone dot (no fields).
  case fields([String])
  case variable(String)
  case word(String)
  case literal(JSONValue)
  case pipe, open, close, comma, assign, declare
}

/// A piece of the template: text, or the tokens of one action with their offsets.
enum TemplatePiece: Sendable {
  case text(String)
  case action([(token: TemplateToken, offset: Int)], offset: Int)
}

/// Cuts a template into text and actions.
struct TemplateLexer {
  private let characters: [Character]
  private var position = 0

  init(_ template: String) {
    characters = Array(template)
  }

  mutating func pieces() throws(TemplateError) -> [TemplatePiece] {
    var pieces: [TemplatePiece] = []
    var trimNext = false
    while position < characters.count {
      var text = textUpToAction()
      if trimNext { text = String(text.drop(while: \.isWhitespace)) }
      trimNext = false
      let isAction = position < characters.count
      if isAction, startsWith("{{-"), position + 3 < characters.count, characters[position + 3].isWhitespace {
        while text.last?.isWhitespace == true { text.removeLast() }
        position += 1
      }
      if !text.isEmpty { pieces.append(.text(text)) }
      guard isAction else { break }
      let start = position
      position += 2
      let (tokens, trims) = try action(start: start)
      trimNext = trims
      if !tokens.isEmpty { pieces.append(.action(tokens, offset: start)) }
    }
    return pieces
  }

  private mutating func textUpToAction() -> String {
    let start = position
    while position < characters.count, !startsWith("{{") { position += 1 }
    return String(characters[start..<position])
  }

  private mutating func action(
    start: Int
  ) throws(TemplateError) -> (tokens: [(token: TemplateToken, offset: Int)], trims: Bool) {
    var tokens: [(token: TemplateToken, offset: Int)] = []
    skipSpace()
    if startsWith("/*") {
      while position < characters.count, !startsWith("*/") { position += 1 }
      position += 2
      skipSpace()
    }
    while true {
      skipSpace()
      guard position < characters.count else { throw TemplateError(offset: start, reason: "unclosed action") }
      if startsWith("}}") {
        position += 2
        return (tokens, false)
      }
      if startsWith("-}}") {
        position += 3
        return (tokens, true)
      }
      let offset = position
      tokens.append((try token(), offset))
    }
  }

  private mutating func token() throws(TemplateError) -> TemplateToken {
    let character = characters[position]
    switch character {
    case "|": return single(.pipe)
    case "(": return single(.open)
    case ")": return single(.close)
    case ",": return single(.comma)
    case "=": return single(.assign)
    case "\"": return .literal(.string(try quoted()))
    case "`": return .literal(.string(try raw()))
    case ".": return .fields(fields())
    case "$":
      position += 1
      return .variable(identifier())
    case ":" where startsWith(":="):
      position += 2
      return .declare
    case "-", "0"..."9": return .literal(.number(number()))
    default:
      let word = identifier()
      guard !word.isEmpty else {
        throw TemplateError(offset: position, reason: "unexpected \"\(character)\" in operand")
      }
      switch word {
      case "true": return .literal(.bool(true))
      case "false": return .literal(.bool(false))
      case "nil": return .literal(.null)
      default: return .word(word)
      }
    }
  }

  private mutating func single(_ token: TemplateToken) -> TemplateToken {
    position += 1
    return token
  }

  private mutating func fields() -> [String] {
    var names: [String] = []
    while position < characters.count, characters[position] == "." {
      position += 1
      let name = identifier()
      if name.isEmpty { break }
      names.append(name)
    }
    return names
  }

  private mutating func identifier() -> String {
    let start = position
    while position < characters.count,
      characters[position].isLetter || characters[position].isNumber
        || characters[position] == "_"
    {
      position += 1
    }
    return String(characters[start..<position])
  }

  private mutating func number() -> String {
    let start = position
    position += 1
    while position < characters.count, characters[position].isASCIIDigit || characters[position] == "." {
      position += 1
    }
    return String(characters[start..<position])
  }

  private mutating func quoted() throws(TemplateError) -> String {
    let start = position
    position += 1
    var text = ""
    while position < characters.count, characters[position] != "\"" {
      var character = characters[position]
      if character == "\\", position + 1 < characters.count {
        position += 1
        character = ["n": "\n", "t": "\t", "r": "\r"][characters[position]] ?? characters[position]
      }
      text.append(character)
      position += 1
    }
    guard position < characters.count else { throw TemplateError(offset: start, reason: "unterminated quoted string") }
    position += 1
    return text
  }

  private mutating func raw() throws(TemplateError) -> String {
    let start = position
    position += 1
    while position < characters.count, characters[position] != "`" { position += 1 }
    guard position < characters.count else {
      throw TemplateError(offset: start, reason: "unterminated raw quoted string")
    }
    position += 1
    return String(characters[(start + 1)..<(position - 1)])
  }

  private mutating func skipSpace() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  private func startsWith(_ text: String) -> Bool {
    characters[position...].starts(with: text)
  }
}
