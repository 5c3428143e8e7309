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
    var writer = JSONWriter()
    write(to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// With a line for each value, `indent` in front for each level.
  public func indented(by indent: String = "    ") -> String {
    var text = ""
    write(to: &text, indent: indent, level: 0)
    return text
  }

  /// Writes the value as the next one of a text.
  public func write(to writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let value): writer.bool(value)
    case .number(let digits): writer.literal(digits)
    case .string(let text): writer.string(text)
    case .array(let values):
      writer.beginArray()
      for value in values { value.write(to: &writer) }
      writer.endArray()
    case .object(let members):
      writer.beginObject()
      for member in members {
        writer.name(member.name)
        member.value.write(to: &writer)
      }
      writer.endObject()
    }
  }

  private func write(to text: inout String, indent: String, level: Int) {
    switch self {
    case .array(let values) where !values.isEmpty:
      writeLines(values, brackets: ("[", "]"), to: &text, indent: indent, level: level) {
        $0.write(to: &$1, indent: indent, level: level + 1)
      }
    case .object(let members) where !members.isEmpty:
      writeLines(members, brackets: ("{", "}"), to: &text, indent: indent, level: level) {
        $1 += JSONValue.string($0.name).compact + ": "
        $0.value.write(to: &$1, indent: indent, level: level + 1)
      }
    default: text += compact
    }
  }

  private func writeLines<Element>(
    _ elements: [Element], brackets: (open: String, close: String), to text: inout String, indent: String,
    level: Int, element write: (Element, inout String) -> Void
  ) {
    text += brackets.open
    for (index, element) in elements.enumerated() {
      text += (index > 0 ? ",\n" : "\n") + String(repeating: indent, count: level + 1)
      write(element, &text)
    }
    text += "\n" + String(repeating: indent, count: level) + brackets.close
  }
}
