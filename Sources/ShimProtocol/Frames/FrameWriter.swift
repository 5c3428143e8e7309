/// The numbers that both sides agree on about frames.
public enum Frame {
  /// The most bytes that may follow a frame's length: its type and payload.
  public static let maximumLength = 1 << 20
  /// The most bytes of input or output to put into one frame; more goes into several.
  public static let maximumChunk = 1 << 16
}

/// Writes one frame: a 4-byte little-endian length of what follows, a byte of type, the payload.
struct FrameWriter {
  private var bytes: [UInt8]

  init(type: UInt8, payloadCapacity: Int = 32) {
    bytes = []
    bytes.reserveCapacity(5 + payloadCapacity)
    bytes += [0, 0, 0, 0, type]
  }

  mutating func put(_ value: some FixedWidthInteger) {
    for index in 0..<(type(of: value).bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index)))
    }
  }

  mutating func put(_ value: Bool) {
    bytes.append(value ? 1 : 0)
  }

  mutating func put(_ value: [UInt8]) {
    put(UInt32(value.count))
    bytes += value
  }

  mutating func put(_ value: String) {
    put(UInt32(value.utf8.count))
    bytes += value.utf8
  }

  /// A byte that says whether the value is there, then the value.
  mutating func put<Value>(optional value: Value?, _ putValue: (inout FrameWriter, Value) -> Void) {
    put(value != nil)
    if let value { putValue(&self, value) }
  }

  /// The number of elements, then each of them.
  mutating func put<Element>(list: [Element], _ putElement: (inout FrameWriter, Element) -> Void) {
    put(UInt32(list.count))
    for element in list { putElement(&self, element) }
  }

  /// The finished frame.
  consuming func frame() throws(ProtocolError) -> [UInt8] {
    let length = bytes.count - 4
    guard length <= Frame.maximumLength else { throw .frameTooLong(length: length) }
    for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
    return bytes
  }
}
