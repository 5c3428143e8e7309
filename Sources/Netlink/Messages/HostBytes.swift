// Netlink speaks in the byte order of the machine, and inside nf_tables in that of the network.

extension FixedWidthInteger {
  /// The bytes as they lie in this machine's memory.
  var hostBytes: [UInt8] {
    #if _endian(big)
      networkBytes
    #else
      networkBytes.reversed()
    #endif
  }

  /// The bytes, the most significant first.
  var networkBytes: [UInt8] {
    stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
  }
}

extension RandomAccessCollection<UInt8> where Index == Int {
  /// The integer in the machine's order at a distance from the start; nil when it is not all there.
  func hostInteger<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type = Value.self) -> Value? {
    let size = Value.bitWidth / 8
    guard offset >= 0, count - offset >= size else { return nil }
    var value: Value = 0
    for place in 0..<size {
      #if _endian(big)
        let shift = (size - 1 - place) * 8
      #else
        let shift = place * 8
      #endif
      value |= Value(truncatingIfNeeded: self[startIndex + offset + place]) << Value(truncatingIfNeeded: shift)
    }
    return value
  }

  /// The integer of all the bytes, the most significant first; nil when they are more or fewer than it has.
  func networkInteger<Value: FixedWidthInteger>(as type: Value.Type = Value.self) -> Value? {
    guard count == Value.bitWidth / 8 else { return nil }
    return reduce(0) { Value(truncatingIfNeeded: UInt64(truncatingIfNeeded: $0) << 8 | UInt64($1)) }
  }
}

extension [UInt8] {
  mutating func setHostInteger(_ value: some FixedWidthInteger, at offset: Int) {
    replaceSubrange(offset..<(offset + type(of: value).bitWidth / 8), with: value.hostBytes)
  }

  /// Adds zeros up to a multiple of four. NLMSG_ALIGN, NLA_ALIGN.
  mutating func align() {
    while count % 4 != 0 { append(0) }
  }
}
