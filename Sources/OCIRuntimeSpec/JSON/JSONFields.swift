/// A type that JSON writes as an object. One function names each property once, for reading and writing alike.
public protocol JSONObject: JSONValue {
  /// The object without any property, which reading then fills.
  init()

  /// Names every property, in the order in which they are written.
  mutating func map(_ fields: inout some JSONFields) throws(JSONError)
}

/// What a `JSONObject` shows its properties to: the reader or the writer.
public protocol JSONFields {
  /// A property that must be there.
  mutating func required<Value: JSONValue>(_ key: String, _ value: inout Value) throws(JSONError)

  /// A property whose absence is something else than any value. Absent and null read as nil.
  mutating func optional<Value: JSONValue>(_ key: String, _ value: inout Value?) throws(JSONError)

  /// A property that stands for its default when absent or null, and that is not written when it is
  /// false, zero or empty.
  mutating func defaulted<Value: JSONValue>(_ key: String, _ value: inout Value) throws(JSONError)
}

/// Reads the properties of one object of a document.
struct JSONFieldReader: JSONFields {
  let document: JSONDocument
  let object: Int

  mutating func required<Value: JSONValue>(_ key: String, _ value: inout Value) throws(JSONError) {
    guard let index = member(key) else { throw JSONError("is missing", path: key) }
    try read(key, index, &value)
  }

  mutating func optional<Value: JSONValue>(_ key: String, _ value: inout Value?) throws(JSONError) {
    guard let index = member(key) else {
      value = nil
      return
    }
    do { value = try Value.read(document, index) } catch { throw error.inside(key) }
  }

  mutating func defaulted<Value: JSONValue>(_ key: String, _ value: inout Value) throws(JSONError) {
    guard let index = member(key) else { return }
    try read(key, index, &value)
  }

  private func read<Value: JSONValue>(_ key: String, _ index: Int, _ value: inout Value) throws(JSONError) {
    do { value = try Value.read(document, index) } catch { throw error.inside(key) }
  }

  /// The member's node, unless it is missing or null.
  private func member(_ key: String) -> Int? {
    guard let index = document.member(key, of: object), document.nodes[index].kind != .null else { return nil }
    return index
  }
}

/// Writes the properties of one object, without spaces, or with two of indentation.
struct JSONFieldWriter: JSONFields {
  var writer: JSONWriter
  private var isFirst = true

  init(writer: JSONWriter) {
    self.writer = writer
  }

  mutating func required<Value: JSONValue>(_ key: String, _ value: inout Value) throws(JSONError) {
    writer.beginMember(isFirst: &isFirst)
    writer.key(key)
    value.write(to: &writer)
  }

  mutating func optional<Value: JSONValue>(_ key: String, _ value: inout Value?) throws(JSONError) {
    guard var present = value else { return }
    try required(key, &present)
  }

  mutating func defaulted<Value: JSONValue>(_ key: String, _ value: inout Value) throws(JSONError) {
    guard !value.isEmptyJSON else { return }
    try required(key, &value)
  }
}

extension JSONObject {
  public static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> Self {
    guard document.nodes[index].kind == .object else { throw document.expected("an object", index) }
    var value = Self()
    var fields = JSONFieldReader(document: document, object: index)
    try value.map(&fields)
    return value
  }

  public func write(to writer: inout JSONWriter) {
    writer.open(UInt8(ascii: "{"))
    var copy = self
    var fields = JSONFieldWriter(writer: writer)
    writer = JSONWriter()
    do { try copy.map(&fields) } catch { preconditionFailure("writing JSON does not fail: \(error)") }
    writer = fields.writer
    writer.close(UInt8(ascii: "}"))
  }

  public var isEmptyJSON: Bool { false }

  /// Reads the object from a JSON text. Unknown properties are ignored, as the specification demands.
  ///
  /// Throws: `JSONError` with the path of the property that is malformed or missing.
  public init(json bytes: [UInt8]) throws(JSONError) {
    let document = try JSONDocument(bytes)
    self = try Self.read(document, 0)
  }

  /// The object as JSON text, properties in the order of the specification.
  public func json(indented: Bool = false) -> [UInt8] {
    var writer = JSONWriter(indented: indented)
    write(to: &writer)
    return writer.bytes
  }
}
