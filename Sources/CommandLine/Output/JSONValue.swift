/// Some JSON as it was written: members keep their order, numbers their digits.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number by its text, so that no digit is lost.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Sendable, Equatable {
    public let name: String
    public let value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  public static func int(_ value: some BinaryInteger) -> JSONValue {
    .number(String(value))
  }

  /// An object from names and values.
  public static func members(_ pairs: [(String, JSONValue)]) -> JSONValue {
    .object(pairs.map { Member($0.0, $0.1) })
  }

  /// The member of an object: by its exact name, else by its name in another case, as `.ID` finds `Id`.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    if let exact = members.first(where: { $0.name == name }) { return exact.value }
    let wanted = name.lowercased()
    return members.first { $0.name.lowercased() == wanted }?.value
  }

  /// The text of a string; nil for anything else.
  public var stringValue: String? {
    if case .string(let text) = self { text } else { nil }
  }

  // MARK: - Writing

  /// On one line, without white space.
  public var compact: String {
    var text = ""
    write(to: &text, indent: nil, level: 0)
    return text
  }

  /// With a line for each value, `indent` in front for each level.
  public func indented(by indent: String = "    ") -> String {
    var text = ""
    write(to: &text, indent: indent, level: 0)
    return text
  }

  private func write(to text: inout String, indent: String?, level: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let digits): text += digits
    case .string(let value): JSONValue.write(value, to: &text)
    case .array(let values):
      JSONValue.writeList(values, brackets: ("[", "]"), to: &text, indent: indent, level: level) {
        $0.write(to: &$1, indent: indent, level: level + 1)
      }
    case .object(let members):
      JSONValue.writeList(members, brackets: ("{", "}"), to: &text, indent: indent, level: level) {
        JSONValue.write($0.name, to: &$1)
        $1 += indent == nil ? ":" : ": "
        $0.value.write(to: &$1, indent: indent, level: level + 1)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], brackets: (open: String, close: String), to text: inout String, indent: String?,
    level: Int, element write: (Element, inout String) -> Void
  ) {
    text += brackets.open
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      if let indent { text += "\n" + String(repeating: indent, count: level + 1) }
      write(element, &text)
    }
    if let indent, !elements.isEmpty { text += "\n" + String(repeating: indent, count: level) }
    text += brackets.close
  }

  private static func write(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1f}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
