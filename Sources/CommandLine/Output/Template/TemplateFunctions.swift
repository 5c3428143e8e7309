import JSON

/// Why a template's function failed.
struct TemplateFunctionError: Error {
  let reason: String
}

/// The functions of a template by name.
enum TemplateFunctions {
  typealias Function = @Sendable ([JSONValue]) throws(TemplateFunctionError) -> JSONValue

  static let table: [String: Function] = [
    // Docker's
    "json": { (a) throws(TemplateFunctionError) in .string(try one(a).compact) },
    "join": join, "split": split, "truncate": truncate, "pad": pad,
    "lower": { (a) throws(TemplateFunctionError) in .string(try text(a, 0).lowercased()) },
    "upper": { (a) throws(TemplateFunctionError) in .string(try text(a, 0).uppercased()) },
    "title": { (a) throws(TemplateFunctionError) in .string(title(try text(a, 0))) },
    // Go's
    "print": { (a) throws(TemplateFunctionError) in .string(a.map(\.goText).joined(separator: " ")) },
    "println": { (a) throws(TemplateFunctionError) in .string(a.map(\.goText).joined(separator: " ") + "\n") },
    "printf": { (a) throws(TemplateFunctionError) in .string(try TemplateFormat.format(a)) },
    "len": length, "index": index, "slice": slice,
    "not": { (a) throws(TemplateFunctionError) in .bool(!(try one(a)).isTruthy) },
    "and": { (a) throws(TemplateFunctionError) in a.first { !$0.isTruthy } ?? a.last ?? .null },
    "or": { (a) throws(TemplateFunctionError) in a.first { $0.isTruthy } ?? a.last ?? .null },
    "eq": { (a) throws(TemplateFunctionError) in
      guard a.count >= 2 else { throw TemplateFunctionError(reason: "missing argument for comparison") }
      return .bool(a.dropFirst().contains { isEqual(a[0], $0) })
    },
    "ne": { (a) throws(TemplateFunctionError) in .bool(!isEqual(try at(a, 0), try at(a, 1))) },
    "lt": { (a) throws(TemplateFunctionError) in .bool(try order(a) < 0) },
    "le": { (a) throws(TemplateFunctionError) in .bool(try order(a) <= 0) },
    "gt": { (a) throws(TemplateFunctionError) in .bool(try order(a) > 0) },
    "ge": { (a) throws(TemplateFunctionError) in .bool(try order(a) >= 0) },
  ]

  // MARK: - Arguments

  private static func at(_ arguments: [JSONValue], _ position: Int) throws(TemplateFunctionError) -> JSONValue {
    guard position < arguments.count else {
      throw TemplateFunctionError(reason: "wrong number of args: got \(arguments.count)")
    }
    return arguments[position]
  }

  private static func one(_ arguments: [JSONValue]) throws(TemplateFunctionError) -> JSONValue {
    guard arguments.count == 1 else {
      throw TemplateFunctionError(reason: "wrong number of args: want 1 got \(arguments.count)")
    }
    return arguments[0]
  }

  private static func text(_ arguments: [JSONValue], _ position: Int) throws(TemplateFunctionError) -> String {
    let value = try at(arguments, position)
    guard let text = value.stringValue else {
      throw TemplateFunctionError(reason: "wrong type for value; expected string; got \(value.goText)")
    }
    return text
  }

  private static func number(_ arguments: [JSONValue], _ position: Int) throws(TemplateFunctionError) -> Int {
    let value = try at(arguments, position)
    guard case .number(let digits) = value, let number = Int(digits) else {
      throw TemplateFunctionError(reason: "wrong type for value; expected int; got \(value.goText)")
    }
    return number
  }

  // MARK: - Docker's functions

  private static let join: Function = { (arguments) throws(TemplateFunctionError) in
    let separator = try text(arguments, 1)
    switch try at(arguments, 0) {
    case .array(let values): return .string(values.map(\.goText).joined(separator: separator))
    case .null: return .string("")
    default: throw TemplateFunctionError(reason: "wrong type for value; expected a list")
    }
  }

  private static let split: Function = { (arguments) throws(TemplateFunctionError) in
    let (whole, separator) = (try text(arguments, 0), try text(arguments, 1))
    guard !separator.isEmpty else { return .array(whole.map { .string(String($0)) }) }
    var parts: [JSONValue] = []
    var part = ""
    var rest = whole[...]
    while !rest.isEmpty {
      if rest.hasPrefix(separator) {
        parts.append(.string(part))
        part = ""
        rest = rest.dropFirst(separator.count)
      } else {
        part.append(rest.removeFirst())
      }
    }
    return .array(parts + [.string(part)])
  }

  private static let truncate: Function = { (arguments) throws(TemplateFunctionError) in
    .string(String(try text(arguments, 0).prefix(max(0, try number(arguments, 1)))))
  }

  private static let pad: Function = { (arguments) throws(TemplateFunctionError) in
    let body = try text(arguments, 0)
    guard !body.isEmpty else { return .string("") }
    let before = String(repeating: " ", count: max(0, try number(arguments, 1)))
    return .string(before + body + String(repeating: " ", count: max(0, try number(arguments, 2))))
  }

  private static func title(_ text: String) -> String {
    var startsWord = true
    return String(
      text.flatMap { character -> String in
        defer { startsWord = !(character.isLetter || character.isNumber || character == "_" || character == "'") }
        return startsWord ? character.uppercased() : String(character)
      })
  }

  // MARK: - Go's functions

  private static let length: Function = { (arguments) throws(TemplateFunctionError) in
    switch try one(arguments) {
    case .string(let text): .int(text.utf8.count)
    case .array(let values): .int(values.count)
    case .object(let members): .int(members.count)
    case .null: .int(0)
    case .bool, .number: throw TemplateFunctionError(reason: "len of a value without a length")
    }
  }

  private static let index: Function = { (arguments) throws(TemplateFunctionError) in
    var value = try at(arguments, 0)
    for key in arguments.dropFirst() {
      switch (value, key) {
      case (.array(let values), .number(let digits)):
        guard let position = Int(digits), values.indices.contains(position) else {
          throw TemplateFunctionError(reason: "index out of range: \(digits)")
        }
        value = values[position]
      case (.object(let members), .string(let name)):
        value = members.first { $0.name == name }?.value ?? .null
      case (.null, _): throw TemplateFunctionError(reason: "index of untyped nil")
      default: throw TemplateFunctionError(reason: "cannot index \(value.goText) with \(key.goText)")
      }
    }
    return value
  }

  private static let slice: Function = { (arguments) throws(TemplateFunctionError) in
    let whole = try at(arguments, 0)
    let count: Int
    switch whole {
    case .string(let text): count = text.utf8.count
    case .array(let values): count = values.count
    default: throw TemplateFunctionError(reason: "slice of a value without elements")
    }
    let from = arguments.count > 1 ? try number(arguments, 1) : 0
    let to = arguments.count > 2 ? try number(arguments, 2) : count
    guard 0 <= from, from <= to, to <= count else {
      throw TemplateFunctionError(reason: "index out of range: \(from):\(to)")
    }
    if case .array(let values) = whole { return .array(Array(values[from..<to])) }
    return .string(String(decoding: Array(whole.goText.utf8)[from..<to], as: UTF8.self))
  }

  private static func isEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
    if case .number(let a) = left, case .number(let b) = right { return Double(a) == Double(b) }
    return left == right
  }

  private static func order(_ arguments: [JSONValue]) throws(TemplateFunctionError) -> Int {
    switch (try at(arguments, 0), try at(arguments, 1)) {
    case (.number(let a), .number(let b)):
      let (left, right) = (Double(a) ?? 0, Double(b) ?? 0)
      return left < right ? -1 : left > right ? 1 : 0
    case (.string(let a), .string(let b)): return a < b ? -1 : a > b ? 1 : 0
    default: throw TemplateFunctionError(reason: "incompatible types for comparison")
    }
  }
}

/// The verbs of Go's `printf` that templates use: `%s`, `%v`, `%d`, `%q`, `%t`, `%%`, with a width and `-` or `0`.
private enum TemplateFormat {
  static func format(_ arguments: [JSONValue]) throws(TemplateFunctionError) -> String {
    guard let form = arguments.first?.stringValue else {
      throw TemplateFunctionError(reason: "printf needs a format")
    }
    var values = arguments.dropFirst()
    var text = ""
    var rest = form[...]
    while let character = rest.popFirst() {
      guard character == "%" else {
        text.append(character)
        continue
      }
      let flags = rest.prefix { $0 == "-" || $0 == "0" }
      rest = rest.dropFirst(flags.count)
      let width = rest.prefix(while: \.isASCIIDigit)
      rest = rest.dropFirst(width.count)
      guard let verb = rest.popFirst() else { return text + "%!(NOVERB)" }
      if verb == "%" {
        text += "%"
        continue
      }
      guard let value = values.popFirst() else {
        text += "%!\(verb)(MISSING)"
        continue
      }
      let body = verb == "q" ? JSONValue.string(value.goText).compact : value.goText
      let fill = String(repeating: flags.contains("0") ? "0" : " ", count: max(0, (Int(width) ?? 0) - body.count))
      text += flags.contains("-") ? body + fill : fill + body
    }
    return text
  }
}
