extension IPAddress: LosslessStringConvertible, CustomStringConvertible {
  /// Reads an address strictly: four decimal numbers without leading zeros, or the forms of RFC 4291 section 2.2,
  /// without brackets, zone or prefix length. Nil for anything else.
  public init?(_ text: some StringProtocol) {
    // The longest is ffff:…:ffff:255.255.255.255 with 45 characters.
    let bytes = Array(text.utf8.prefix(46))
    guard bytes.count <= 45 else { return nil }
    let isVersion6 = bytes.contains(UInt8(ascii: ":"))
    guard let number = isVersion6 ? Self.version6(bytes[...]) : Self.version4(bytes[...]).map({ UInt128($0) }) else {
      return nil
    }
    self.init(isVersion6 ? .version6 : .version4, masked: number)
  }

  private static func version4(_ text: ArraySlice<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var number: UInt32 = 0
    for part in parts {
      // A leading zero means octal to some readers and nothing to others: no address of ours has one.
      guard let first = part.first, part.count <= 3, part.count == 1 || first != UInt8(ascii: "0") else { return nil }
      var value: UInt32 = 0
      for character in part {
        guard let digit = hexDigit(character), digit < 10 else { return nil }
        value = value * 10 + UInt32(digit)
      }
      guard value <= 255 else { return nil }
      number = number << 8 | value
    }
    return number
  }

  private static func version6(_ text: ArraySlice<UInt8>) -> UInt128? {
    let colon = UInt8(ascii: ":")
    guard let gap = text.indices.first(where: { $0 + 1 < text.endIndex && text[$0] == colon && text[$0 + 1] == colon })
    else {
      guard let all = groups(text), all.count == 8 else { return nil }
      return joined(all)
    }
    guard let head = groups(text[..<gap]), let tail = groups(text[(gap + 2)...]) else { return nil }
    // The gap stands for at least one group; a third colon beside it is an empty group and was refused above.
    guard head.count + tail.count <= 7, !text[..<gap].contains(UInt8(ascii: ".")) else { return nil }
    return joined(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
  }

  private static func joined(_ groups: [UInt16]) -> UInt128 {
    groups.reduce(0) { $0 << 16 | UInt128($1) }
  }

  /// Groups between colons, the last of which may be an IPv4 address; nil when one is malformed.
  private static func groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if part.contains(UInt8(ascii: ".")) {
        guard index == parts.count - 1, let embedded = version4(part) else { return nil }
        groups += [UInt16(embedded >> 16), UInt16(embedded & 0xFFFF)]
        continue
      }
      guard (1...4).contains(part.count) else { return nil }
      var value: UInt16 = 0
      for character in part {
        guard let digit = hexDigit(character) else { return nil }
        value = value << 4 | UInt16(digit)
      }
      groups.append(value)
    }
    return groups
  }

  /// The canonical form: dotted decimal, or RFC 5952.
  public var description: String {
    if family == .version4 { return bytes.map(String.init).joined(separator: ".") }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: number >> UInt128(112 - 16 * $0)) }
    if groups[0..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF { return "::ffff:\(unmapped)" }
    guard let gap = Self.longestZeroRun(groups) else { return Self.text(groups[...]) }
    return "\(Self.text(groups[..<gap.lowerBound]))::\(Self.text(groups[gap.upperBound...]))"
  }

  private static func text(_ groups: ArraySlice<UInt16>) -> String {
    groups.map { String($0, radix: 16) }.joined(separator: ":")
  }

  /// The first of the longest runs of at least two zero groups. RFC 5952, section 4.2.
  private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
    var longest = 0..<0
    var start = 0
    while start < groups.count {
      let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
      if end - start > longest.count { longest = start..<end }
      start = max(end, start) + 1
    }
    return longest.count >= 2 ? longest : nil
  }
}

/// The value of a hexadecimal digit of either case.
func hexDigit(_ character: UInt8) -> UInt8? {
  switch character {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
  default: nil
  }
}
