public import NetworkAddresses

extension IPAddress {
  /// The address that a name below `in-addr.arpa` or `ip6.arpa` asks about; nil for any other name. RFC 1035, section
  /// 3.5; RFC 3596, section 2.5.
  public init?(reverse name: DomainName) {
    let labels = name.labels.map { String(decoding: $0, as: UTF8.self) }
    guard labels.count > 2, labels.last?.lowercased() == "arpa" else { return nil }
    let parts = labels.dropLast(2).reversed()
    switch labels[labels.count - 2].lowercased() {
    case "in-addr":
      guard parts.count == 4 else { return nil }
      self.init(parts.joined(separator: "."))
    case "ip6":
      let digits = parts.compactMap { $0.utf8.count == 1 ? UInt8($0, radix: 16) : nil }
      guard digits.count == 32, parts.count == 32 else { return nil }
      self.init(bytes: stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    default: return nil
    }
  }
}
