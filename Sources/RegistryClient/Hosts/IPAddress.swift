/// An IPv4 or IPv6 address in its textual forms, for lists of networks.
struct IPAddress: Hashable, Sendable {
  /// Four or sixteen bytes, in network order.
  let bytes: [UInt8]

  init?(_ text: some StringProtocol) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard let bytes = Self.parseVersion6(String(text)) else { return nil }
      // ::ffff:127.0.0.1 is 127.0.0.1 to the kernel, and so it is to us.
      let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]
      self.bytes = Array(bytes.prefix(12)) == mapped ? Array(bytes.suffix(4)) : bytes
    } else {
      guard let bytes = Self.parseVersion4(String(text)) else { return nil }
      self.bytes = bytes
    }
  }

  /// 127.0.0.0/8 and ::1.
  var isLoopback: Bool {
    bytes.count == 4 ? bytes[0] == 127 : bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 }
  }

  /// 169.254.0.0/16 and fe80::/10, where clouds keep the secrets of their machines.
  var isLinkLocal: Bool {
    bytes.count == 4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
  }

  private static func parseVersion4(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      // A leading zero means octal to some readers and nothing to others: no address of ours has one.
      let isPlain = part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard isPlain, part.count == 1 || part.first != "0", let byte = UInt8(part) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func parseVersion6(_ text: String) -> [UInt8]? {
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    guard halves.count <= 2 else { return nil }
    guard let head = groups(halves[0]), let tail = halves.count == 2 ? groups(halves[1]) : [] else { return nil }
    let missing = 16 - head.count - tail.count
    guard halves.count == 2 ? missing >= 2 : missing == 0 else { return nil }
    return head + Array(repeating: 0, count: missing) + tail
  }

  private static func groups(_ text: Substring) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if part.contains(".") {
        guard index == parts.count - 1, let embedded = parseVersion4(String(part)) else { return nil }
        bytes += embedded
      } else {
        guard (1...4).contains(part.utf8.count), part.first != "+", part.first != "-",
          let group = UInt16(part, radix: 16)
        else { return nil }
        bytes += [UInt8(group >> 8), UInt8(group & 255)]
      }
    }
    return bytes
  }
}

/// A network in CIDR notation: `10.0.0.0/8`.
struct IPNetwork: Hashable, Sendable {
  let address: IPAddress
  let prefixLength: Int

  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPAddress(parts[0]), let length = Int(parts[1]),
      (0...address.bytes.count * 8).contains(length)
    else { return nil }
    self.address = address
    self.prefixLength = length
  }

  func contains(_ other: IPAddress) -> Bool {
    guard other.bytes.count == address.bytes.count else { return false }
    var remaining = prefixLength
    for (mine, theirs) in zip(address.bytes, other.bytes) where remaining > 0 {
      let mask = remaining >= 8 ? UInt8.max : ~(UInt8.max >> UInt8(remaining))
      guard mine & mask == theirs & mask else { return false }
      remaining -= 8
    }
    return true
  }
}
