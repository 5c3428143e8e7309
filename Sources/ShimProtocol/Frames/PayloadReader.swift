/// Reads the fields of a payload in order. Each read names its field, for the error.
struct PayloadReader {
  private var rest: ArraySlice<UInt8>

  init(_ payload: ArraySlice<UInt8>) {
    rest = payload
  }

  mutating func integer<Value: FixedWidthInteger>(
    _ field: String, as type: Value.Type = Value.self
  ) throws(ProtocolError) -> Value {
    var value: Value = 0
    for (index, byte) in try take(Value.bitWidth / 8, field).enumerated() {
      value |= Value(truncatingIfNeeded: byte) << (8 * index)
    }
    return value
  }

  mutating func flag(_ field: String) throws(ProtocolError) -> Bool {
    switch try integer(field, as: UInt8.self) {
    case 0: return false
    case 1: return true
    default: throw .invalidValue(field: field)
    }
  }

  mutating func bytes(_ field: String) throws(ProtocolError) -> [UInt8] {
    let count = try integer(field, as: UInt32.self)
    return [UInt8](try take(Int(count), field))
  }

  mutating func string(_ field: String) throws(ProtocolError) -> String {
    let count = try integer(field, as: UInt32.self)
    guard let text = String(validating: try take(Int(count), field), as: UTF8.self) else {
      throw .invalidValue(field: field)
    }
    return text
  }

  mutating func optional<Value>(
    _ field: String, _ read: (inout PayloadReader) throws(ProtocolError) -> Value
  ) throws(ProtocolError) -> Value? {
    try flag(field) ? try read(&self) : nil
  }

  mutating func list<Element>(
    _ field: String, _ read: (inout PayloadReader) throws(ProtocolError) -> Element
  ) throws(ProtocolError) -> [Element] {
    let count = try integer(field, as: UInt32.self)
    // Each element has at least a byte, so a lying count fails before anything is reserved for it.
    guard Int(count) <= rest.count else { throw .truncated(field: field) }
    var elements: [Element] = []
    for _ in 0..<count { elements.append(try read(&self)) }
    return elements
  }

  mutating func value<Value: RawRepresentable>(
    _ field: String, as type: Value.Type = Value.self
  ) throws(ProtocolError) -> Value where Value.RawValue: FixedWidthInteger {
    guard let value = Value(rawValue: try integer(field)) else { throw .invalidValue(field: field) }
    return value
  }

  /// Checks that every byte has been read.
  func finish() throws(ProtocolError) {
    guard rest.isEmpty else { throw .trailingBytes(count: rest.count) }
  }

  private mutating func take(_ count: Int, _ field: String) throws(ProtocolError) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw .truncated(field: field) }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}
