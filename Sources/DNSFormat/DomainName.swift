/// A name of the domain name system: labels, the most special first. RFC 1035, section 2.3.1; RFC 4343 on letters.
///
/// Two names are equal when they differ in the case of ASCII letters only.
public struct DomainName: Sendable, Hashable, CustomStringConvertible {
  /// As they were written, without the root's empty label.
  public let labels: [[UInt8]]

  /// Throws: ``DNSFormatError`` for labels and names that are empty or too long.
  public init(labels: [[UInt8]]) throws(DNSFormatError) {
    guard labels.allSatisfy({ (1...Self.mostLabelBytes).contains($0.count) }),
      labels.reduce(1, { $0 + $1.count + 1 }) <= Self.mostBytes
    else { throw .name }
    self.labels = labels
  }

  /// Reads `web.example.com`, with or without a dot at the end; nil for what is no name.
  public init?(_ text: String) {
    var parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Array($0) }
    if parts.last?.isEmpty == true { parts.removeLast() }
    guard let name = try? DomainName(labels: parts) else { return nil }
    self = name
  }

  static let mostLabelBytes = 63
  static let mostBytes = 255

  /// Without the dot at the end; bytes that are no text are shown as such.
  public var description: String { labels.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".") }

  /// The same name for all that are equal: in lower case.
  public var folded: String { labels.map { String(decoding: Self.folded($0), as: UTF8.self) }.joined(separator: ".") }

  private static func folded(_ label: [UInt8]) -> [UInt8] {
    label.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
  }

  public static func == (one: DomainName, other: DomainName) -> Bool {
    one.labels.count == other.labels.count && zip(one.labels, other.labels).allSatisfy { folded($0) == folded($1) }
  }

  public func hash(into hasher: inout Hasher) {
    for label in labels { hasher.combine(Self.folded(label)) }
  }
}

extension DomainName {
  func write(to bytes: inout [UInt8]) {
    for label in labels {
      bytes.append(UInt8(label.count))
      bytes += label
    }
    bytes.append(0)
  }
}
