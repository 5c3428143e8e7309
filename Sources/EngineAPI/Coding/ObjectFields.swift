public import JSON

/// A type that the API's JSON writes as an object. One function names each field once, for reading and writing alike.
public protocol APIObject: APIValue, ZeroValue {
  /// Shows every field to `object`, in the order in which they are written.
  mutating func fields(_ object: inout ObjectFields) throws(JSONFault)
}

extension APIObject {
  public static func read(_ json: JSONValue) throws(JSONFault) -> Self {
    guard case .object(let members) = json else { throw JSONFault(wanted: "an object", not: json) }
    var value = Self()
    var object = ObjectFields(reading: members)
    try value.fields(&object)
    return value
  }

  public func write(to writer: inout JSONWriter) {
    var object = ObjectFields(writer: writer)
    // The text has one owner at a time, so that it grows in place.
    writer = JSONWriter()
    object.writer.beginObject()
    var value = self
    do throws(JSONFault) { try value.fields(&object) } catch {
      preconditionFailure("writing JSON does not fail: \(error)")
    }
    object.writer.endObject()
    writer = object.writer
  }
}

/// What an `APIObject` shows its fields to: it reads them, or writes them.
///
/// Docker's JSON tells `null`, `[]` and a missing field apart, and typed clients mind. So each field has its rule; that
/// is the function it is shown to.
public struct ObjectFields: Sendable {
  /// What is read; nil: the fields are written.
  private let members: [JSONValue.Member]?
  /// Where the next member is looked for first: mostly they stand in the order in which they are asked for.
  private var position = 0
  fileprivate var writer: JSONWriter

  fileprivate init(reading members: [JSONValue.Member]) {
    self.members = members
    writer = JSONWriter()
  }

  fileprivate init(writer: JSONWriter) {
    members = nil
    self.writer = writer
  }

  /// Always written; missing and null read as the zero value.
  public mutating func present<Value: APIValue & ZeroValue>(
    _ name: String, _ value: inout Value
  ) throws(JSONFault) {
    if let members {
      value = try read(name, members) ?? Value()
    } else {
      writer.name(name)
      value.write(to: &writer)
    }
  }

  /// Always written, as null when nil; missing and null read as nil.
  public mutating func nullable<Value: APIValue>(_ name: String, _ value: inout Value?) throws(JSONFault) {
    if let members {
      value = try read(name, members)
    } else {
      writer.name(name)
      if let value { value.write(to: &writer) } else { writer.null() }
    }
  }

  /// Left out when nil; missing and null read as nil.
  public mutating func optional<Value: APIValue>(_ name: String, _ value: inout Value?) throws(JSONFault) {
    if let members {
      value = try read(name, members)
    } else if let value {
      writer.name(name)
      value.write(to: &writer)
    }
  }

  /// The words of a command: as `nullable`, and one string reads as a list of one.
  public mutating func words(_ name: String, _ value: inout [String]?) throws(JSONFault) {
    if let members, case .string(let word)? = member(name, members) {
      value = [word]
    } else {
      try nullable(name, &value)
    }
  }

  /// The size of a terminal: always two numbers, and anything else reads as two zeros.
  public mutating func rowsAndColumns(_ name: String, _ value: inout [Int]) throws(JSONFault) {
    try present(name, &value)
    if value.count != 2 { value = [0, 0] }
  }

  private mutating func read<Value: APIValue>(
    _ name: String, _ members: [JSONValue.Member]
  ) throws(JSONFault) -> Value? {
    guard let json = member(name, members), json != .null else { return nil }
    do throws(JSONFault) { return try Value.read(json) } catch { throw error.inside(name) }
  }

  private mutating func member(_ name: String, _ members: [JSONValue.Member]) -> JSONValue? {
    for index in [position..<members.count, 0..<min(position, members.count)].joined() where members[index].name == name
    {
      position = index + 1
      return members[index].value
    }
    return nil
  }
}
