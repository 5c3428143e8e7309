/// IP addresses and MAC addresses as flags give them: whether a text is one, and which subnet an address belongs to.
/// What they mean is for the server to say.
enum AddressSyntax {
  /// The four or sixteen bytes of an address, in network order; nil when the text is none. RFC 4291, section 2.2; IPv4
  /// without leading zeros, as RFC 6943, section 3.1.1 advises.
  static func address(_ text: some StringProtocol) -> [UInt8]? {
    text.contains(":") ? version6(String(text)) : version4(String(text))
  }

  private static func version4(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { part in
      part.allSatisfy(\.isDecimalDigit) && (part.count == 1 || part.first != "0") ? UInt8(part) : nil
    }
    return parts.count == 4 && bytes.count == 4 ? bytes : nil
  }

  private static func version6(_ text: String) -> [UInt8]? {
    guard let (front, back) = text.cut(at: "::") else { return groups(text).flatMap { $0.count == 16 ? $0 : nil } }
    guard let head = groups(front), let tail = groups(back), head.count + tail.count <= 14 else { return nil }
    // What an IPv4 address may end is the whole, not the part in front of the gap.
    if front.contains(".") { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  private static func groups(_ text: String) -> [UInt8]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, part.contains(".") {
        guard let last = version4(String(part)) else { return nil }
        bytes += last
      } else {
        guard (1...4).contains(part.count), part.allSatisfy(\.isASCIIHexDigit), let group = UInt16(part, radix: 16)
        else { return nil }
        bytes += [UInt8(group >> 8), UInt8(group & 255)]
      }
    }
    return bytes
  }

  /// Six, eight or twenty bytes in hexadecimal, parted by colons or hyphens, or in groups of two parted by points.
  static func isMACAddress(_ text: String) -> Bool {
    let separator: Character = text.contains(".") ? "." : text.contains("-") ? "-" : ":"
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    let digits = separator == "." ? 4 : 2
    return [6, 8, 20].contains(parts.count * digits / 2)
      && parts.allSatisfy { $0.count == digits && $0.allSatisfy(\.isASCIIHexDigit) }
  }

  /// A domain that `resolv.conf` may search, or `.` for none.
  static func isSearchDomain(_ text: String) -> Bool {
    if text == "." { return true }
    let name = text.hasSuffix(".") ? String(text.dropLast()) : text
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let isPlain = labels.allSatisfy { label in
      !label.isEmpty && label.first != "-" && label.last != "-"
        && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
    return isPlain && name.utf8.count < 255 && name.contains(where: \.isLetter)
  }
}

/// A subnet as a flag gives it: `10.0.0.0/8`.
struct SubnetText {
  let text: String
  let address: [UInt8]
  let length: Int

  init?(_ text: String) {
    guard let (front, back) = text.cut(at: "/"), let address = AddressSyntax.address(front),
      back.allSatisfy(\.isDecimalDigit), let length = Int(back), length <= address.count * 8
    else { return nil }
    self.text = text
    self.address = address
    self.length = length
  }

  func contains(_ other: [UInt8]) -> Bool {
    guard other.count == address.count else { return false }
    return (0..<length).allSatisfy { bit in
      let mask = UInt8(0x80) >> UInt8(bit % 8)
      return other[bit / 8] & mask == address[bit / 8] & mask
    }
  }
}

extension Character {
  fileprivate var isDecimalDigit: Bool { isASCII && isNumber }
  fileprivate var isASCIIHexDigit: Bool { isASCII && isHexDigit }
}
