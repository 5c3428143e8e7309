public import JSON

/// A type whose values the API's JSON holds.
public protocol APIValue: Sendable {
  /// Throws: `JSONFault` when the JSON is of another kind.
  static func read(_ json: JSONValue) throws(JSONFault) -> Self

  func write(to writer: inout JSONWriter)
}

/// A type with the value that a missing or null field stands for.
public protocol ZeroValue {
  init()
}

extension String: APIValue, ZeroValue {
  public static func read(_ json: JSONValue) throws(JSONFault) -> String {
    guard case .string(let text) = json else { throw JSONFault(wanted: "a text", not: json) }
    return text
  }

  public func write(to writer: inout JSONWriter) {
    writer.string(self)
  }
}

extension Bool: APIValue, ZeroValue {
  public static func read(_ json: JSONValue) throws(JSONFault) -> Bool {
    guard case .bool(let value) = json else { throw JSONFault(wanted: "true or false", not: json) }
    return value
  }

  public func write(to writer: inout JSONWriter) {
    writer.bool(self)
  }
}

/// The API's numbers are whole.
extension APIValue where Self: FixedWidthInteger {
  public static func read(_ json: JSONValue) throws(JSONFault) -> Self {
    guard case .number(let digits) = json, let number = Self(digits) else {
      throw JSONFault(wanted: "a whole number", not: json)
    }
    return number
  }
}

extension APIValue where Self: SignedInteger & FixedWidthInteger {
  public func write(to writer: inout JSONWriter) {
    writer.integer(Int64(self))
  }
}

extension APIValue where Self: UnsignedInteger & FixedWidthInteger {
  public func write(to writer: inout JSONWriter) {
    writer.integer(UInt64(self))
  }
}

extension Int: APIValue, ZeroValue {}
extension Int64: APIValue, ZeroValue {}
extension UInt16: APIValue, ZeroValue {}
extension UInt32: APIValue, ZeroValue {}
extension UInt64: APIValue, ZeroValue {}

/// A value that may be null inside a list or table.
extension Optional: APIValue where Wrapped: APIValue {
  public static func read(_ json: JSONValue) throws(JSONFault) -> Wrapped? {
    json == .null ? nil : try Wrapped.read(json)
  }

  public func write(to writer: inout JSONWriter) {
    if let value = self { value.write(to: &writer) } else { writer.null() }
  }
}

extension Array: ZeroValue {}

extension Array: APIValue where Element: APIValue {
  public static func read(_ json: JSONValue) throws(JSONFault) -> [Element] {
    guard case .array(let elements) = json else { throw JSONFault(wanted: "a list", not: json) }
    var values: [Element] = []
    values.reserveCapacity(elements.count)
    for element in elements {
      do throws(JSONFault) { values.append(try Element.read(element)) } catch { throw error.inside("\(values.count)") }
    }
    return values
  }

  public func write(to writer: inout JSONWriter) {
    writer.beginArray()
    for value in self { value.write(to: &writer) }
    writer.endArray()
  }
}

extension Dictionary: ZeroValue {
  public init() { self = [:] }
}

extension Dictionary: APIValue where Key == String, Value: APIValue {
  public static func read(_ json: JSONValue) throws(JSONFault) -> [String: Value] {
    guard case .object(let members) = json else { throw JSONFault(wanted: "an object", not: json) }
    var table: [String: Value] = [:]
    for member in members {
      do throws(JSONFault) { table[member.name] = try Value.read(member.value) } catch {
        throw error.inside(member.name)
      }
    }
    return table
  }

  /// Sorted, so that equal tables give equal texts.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    defer { writer.endObject() }
    if isEmpty { return }
    for (name, value) in sorted(by: { $0.key < $1.key }) {
      writer.name(name)
      value.write(to: &writer)
    }
  }
}

/// `{}`: the value of a set that JSON writes as an object, such as `ExposedPorts` and `Volumes`.
public struct EmptyObject: APIObject, Hashable {
  public init() {}

  public mutating func fields(_ object: inout ObjectFields) {}
}
