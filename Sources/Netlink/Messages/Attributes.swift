import NetworkAddresses

/// The attributes of a message, or of an attribute that nests others.
struct Attributes {
  /// By number; of two with the same number the last one counts, as with the kernel.
  private var values: [UInt16: ArraySlice<UInt8>] = [:]

  /// Reads all of them. Throws: ``NetlinkFormatError`` when a length is wrong. What is left over and is too short for
  /// another attribute is padding.
  init(_ bytes: ArraySlice<UInt8>) throws(NetlinkFormatError) {
    for (type, value) in try AttributeList(bytes).elements { values[type] = value }
  }

  private init() {}

  func bytes(_ type: UInt16) -> ArraySlice<UInt8>? { values[type] }

  /// In the machine's order; nil when it is missing or of another size.
  func integer<Value: FixedWidthInteger>(_ type: UInt16, as: Value.Type = Value.self) -> Value? {
    guard let value = values[type], value.count == Value.bitWidth / 8 else { return nil }
    return value.hostInteger(at: 0)
  }

  func networkInteger<Value: FixedWidthInteger>(_ type: UInt16, as: Value.Type = Value.self) -> Value? {
    values[type]?.networkInteger()
  }

  /// Up to the first zero byte.
  func text(_ type: UInt16) -> String? {
    values[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  func address(_ type: UInt16) -> IPAddress? {
    values[type].flatMap { IPAddress(bytes: $0) }
  }

  /// What the attribute nests; no attributes when it is missing.
  func nested(_ type: UInt16) throws(NetlinkFormatError) -> Attributes {
    guard let value = values[type] else { return Attributes() }
    return try Attributes(value)
  }

  /// What the attribute nests, in order.
  func list(_ type: UInt16) throws(NetlinkFormatError) -> [(type: UInt16, value: ArraySlice<UInt8>)] {
    guard let value = values[type] else { return [] }
    return try AttributeList(value).elements
  }
}

/// Attributes in their order, each number as often as it is there.
struct AttributeList {
  let elements: [(type: UInt16, value: ArraySlice<UInt8>)]

  init(_ bytes: ArraySlice<UInt8>) throws(NetlinkFormatError) {
    var elements: [(type: UInt16, value: ArraySlice<UInt8>)] = []
    var rest = bytes
    while rest.count >= 4 {
      guard let length = rest.hostInteger(at: 0, as: UInt16.self).map(Int.init),
        let type = rest.hostInteger(at: 2, as: UInt16.self)
      else { break }
      guard length >= 4, length <= rest.count else { throw .wrongLength("attribute \(type)", length) }
      elements.append((type & AttributeType.mask, rest.prefix(length).dropFirst(4)))
      rest = rest.dropFirst((length + 3) & ~3)
    }
    self.elements = elements
  }
}
