/// A type that a JSON value holds.
public protocol JSONValue: Sendable, Equatable {
  static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> Self
  func write(to writer: inout JSONWriter)

  /// Whether the value says no more than its absence would: false, zero, empty.
  var isEmptyJSON: Bool { get }
}

extension JSONDocument {
  /// The error of a value that has the wrong kind.
  func expected(_ what: String, _ index: Int) -> JSONError {
    JSONError("expected \(what), not \(nodes[index].kind)")
  }
}

extension String: JSONValue {
  public static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> String {
    guard document.nodes[index].kind == .string else { throw document.expected("a string", index) }
    return try document.string(index)
  }

  public func write(to writer: inout JSONWriter) {
    writer.string(self)
  }

  public var isEmptyJSON: Bool { isEmpty }
}

extension Bool: JSONValue {
  public static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> Bool {
    guard document.nodes[index].kind == .bool else { throw document.expected("true or false", index) }
    return document.bytes[document.nodes[index].start] == UInt8(ascii: "t")
  }

  public func write(to writer: inout JSONWriter) {
    writer.literal(self ? "true" : "false")
  }

  public var isEmptyJSON: Bool { !self }
}

/// Integers only: no property of the runtime specification is a fraction.
extension JSONValue where Self: FixedWidthInteger {
  public static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> Self {
    guard document.nodes[index].kind == .number else { throw document.expected("a number", index) }
    let text = document.literal(index)
    guard let value = Self(Substring(text)) else {
      throw JSONError("\(Substring(text)) is not an integer between \(Self.min) and \(Self.max)")
    }
    return value
  }

  public func write(to writer: inout JSONWriter) {
    writer.literal(String(self))
  }

  public var isEmptyJSON: Bool { self == 0 }
}

extension Int: JSONValue {}
extension Int32: JSONValue {}
extension Int64: JSONValue {}
extension UInt16: JSONValue {}
extension UInt32: JSONValue {}
extension UInt64: JSONValue {}

/// Closed sets of words: a word that is not in the set is an error, never skipped.
extension JSONValue where Self: RawRepresentable<String> & CaseIterable {
  public static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> Self {
    let word = try String.read(document, index)
    guard let value = Self(rawValue: word) else {
      throw JSONError("unknown value \"\(word)\"")
    }
    return value
  }

  public func write(to writer: inout JSONWriter) {
    writer.string(rawValue)
  }

  public var isEmptyJSON: Bool { false }
}

extension Array: JSONValue where Element: JSONValue {
  public static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> [Element] {
    let array = document.nodes[index]
    guard array.kind == .array else { throw document.expected("an array", index) }
    var elements: [Element] = []
    var element = index + 1
    while element < array.next {
      do { elements.append(try Element.read(document, element)) } catch { throw error.inside("[\(elements.count)]") }
      element = document.nodes[element].next
    }
    return elements
  }

  public func write(to writer: inout JSONWriter) {
    writer.open(UInt8(ascii: "["))
    var isFirst = true
    for element in self {
      writer.beginMember(isFirst: &isFirst)
      element.write(to: &writer)
    }
    writer.close(UInt8(ascii: "]"))
  }

  public var isEmptyJSON: Bool { isEmpty }
}

extension Dictionary: JSONValue where Key == String, Value: JSONValue {
  public static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> [String: Value] {
    let object = document.nodes[index]
    guard object.kind == .object else { throw document.expected("an object", index) }
    var members: [String: Value] = [:]
    var member = index + 1
    while member < object.next {
      let key = try document.string(member)
      do { members[key] = try Value.read(document, member + 1) } catch { throw error.inside(key) }
      member = document.nodes[member + 1].next
    }
    return members
  }

  /// Sorted by key, so that equal dictionaries give equal texts.
  public func write(to writer: inout JSONWriter) {
    writer.open(UInt8(ascii: "{"))
    var isFirst = true
    for (key, value) in sorted(by: { $0.key < $1.key }) {
      writer.beginMember(isFirst: &isFirst)
      writer.key(key)
      value.write(to: &writer)
    }
    writer.close(UInt8(ascii: "}"))
  }

  public var isEmptyJSON: Bool { isEmpty }
}
