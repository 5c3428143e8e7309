import NetworkAddresses

/// Writes one message: the header, a fixed part, and attributes that may nest.
struct MessageWriter {
  private var bytes: [UInt8] = []
  private var isTooLong = false

  init(type: UInt16, flags: NetlinkFlags) {
    bytes.reserveCapacity(256)
    fixed(UInt32(0))
    fixed(type)
    fixed(flags.union(.request).rawValue)
    fixed(UInt32(0))
    fixed(UInt32(0))
  }

  /// How many bytes there are so far.
  var count: Int { bytes.count }

  /// A field of the fixed part, in the machine's order.
  mutating func fixed(_ value: some FixedWidthInteger) {
    bytes += value.hostBytes
  }

  mutating func put(_ type: UInt16, bytes value: some Collection<UInt8>) {
    let length = 4 + value.count
    guard length <= Int(UInt16.max) else {
      isTooLong = true
      return
    }
    fixed(UInt16(length))
    fixed(type)
    bytes += value
    bytes.align()
  }

  /// In the machine's order.
  mutating func put(_ type: UInt16, _ value: some FixedWidthInteger) {
    put(type, bytes: value.hostBytes)
  }

  mutating func put(_ type: UInt16, network value: some FixedWidthInteger) {
    put(type, bytes: value.networkBytes)
  }

  /// Ended by a zero byte, as the kernel's NLA_NUL_STRING wants it.
  mutating func put(_ type: UInt16, _ text: String) {
    put(type, bytes: Array(text.utf8) + [0])
  }

  mutating func put(_ type: UInt16, _ address: IPAddress) {
    put(type, bytes: address.bytes)
  }

  /// An attribute without content, which says something by being there.
  mutating func putFlag(_ type: UInt16) {
    put(type, bytes: [])
  }

  /// An attribute that holds what `body` writes: attributes, or where it is not marked as nesting, a structure.
  mutating func nest(_ type: UInt16, isMarked: Bool = true, _ body: (inout MessageWriter) -> Void) {
    let start = bytes.count
    fixed(UInt16(0))
    fixed(isMarked ? type | AttributeType.nested : type)
    body(&self)
    let length = bytes.count - start
    guard let short = UInt16(exactly: length) else {
      isTooLong = true
      return
    }
    bytes.setHostInteger(short, at: start)
    bytes.align()
  }

  /// The finished message.
  consuming func message(_ action: String, _ object: String) -> NetlinkMessage {
    bytes.align()
    bytes.setHostInteger(UInt32(truncatingIfNeeded: bytes.count), at: 0)
    return NetlinkMessage(bytes: bytes, action: action, object: object, isTooLong: isTooLong)
  }
}

/// The bits of an attribute's type that are not its number. linux/netlink.h.
enum AttributeType {
  static let nested: UInt16 = 0x8000
  static let mask: UInt16 = 0x3FFF
}
