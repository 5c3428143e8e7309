/// The grammar of image names (distribution spec, "Pulling manifests"; Docker's reference grammar for the domain).
enum ReferenceGrammar {
  /// Host names of letters, digits and inner hyphens, IPv4 addresses, IPv6 addresses in brackets; and a port.
  static func isDomain(_ text: some StringProtocol) -> Bool {
    var host = Array(text.utf8)
    if host.first == UInt8(ascii: "[") {
      guard let end = host.firstIndex(of: UInt8(ascii: "]")), end > 1 else { return false }
      let port = host[(end + 1)...]
      return host[1..<end].allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: ":") }
        && (port.isEmpty || (port.first == UInt8(ascii: ":") && isNumber(port.dropFirst())))
    }
    if let colon = host.firstIndex(of: UInt8(ascii: ":")) {
      guard isNumber(host[(colon + 1)...]) else { return false }
      host = Array(host[..<colon])
    }
    return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      guard let first = label.first, let last = label.last else { return false }
      return isAlphanumeric(first) && isAlphanumeric(last)
        && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
  }

  /// Components of lower-case letters and digits, joined inside by a dot, one or two underscores, or hyphens.
  static func isPath(_ text: some StringProtocol) -> Bool {
    text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { component in
      var separator: [UInt8] = []
      var hasLetter = false
      for byte in component {
        if isLowerAlphanumeric(byte) {
          guard separator.isEmpty || (hasLetter && isSeparator(separator)) else { return false }
          separator = []
          hasLetter = true
        } else {
          separator.append(byte)
        }
      }
      return hasLetter && separator.isEmpty
    }
  }

  private static func isSeparator(_ bytes: [UInt8]) -> Bool {
    bytes == [UInt8(ascii: ".")] || bytes == [UInt8(ascii: "_")] || bytes == Array("__".utf8)
      || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
  }

  /// A word character, and up to 127 of these or dots or hyphens.
  static func isTag(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
    func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
    return isWord(first)
      && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
  }

  /// An algorithm's name, a colon, and at least 32 hexadecimal digits: what is then parsed as a digest.
  static func looksLikeDigest(_ text: some StringProtocol) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count >= 32, parts[1].allSatisfy(isHexDigit) else { return false }
    let names = parts[0].split(omittingEmptySubsequences: false) { "-_+.".utf8.contains($0) }
    return names.allSatisfy { name in
      guard let first = name.first else { return false }
      return isAlphanumeric(first) && !isDigit(first) && name.allSatisfy(isAlphanumeric)
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isNumber(_ bytes: some Collection<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy(isDigit)
  }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isLowerAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isLowerHexDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }
}
