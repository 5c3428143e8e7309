/// The first twelve bytes of a message. RFC 1035, section 4.1.1.
public struct DNSHeader: Sendable, Equatable {
  public static let byteCount = 12

  /// What ties an answer to its question.
  public var id: UInt16
  /// The bits and codes of the second two bytes.
  public var flags: UInt16
  public var questionCount: UInt16
  public var answerCount: UInt16
  public var authorityCount: UInt16
  public var additionalCount: UInt16

  /// Reads a message's header.
  ///
  /// Throws: ``DNSFormatError/short``.
  public init(_ message: some Collection<UInt8>) throws(DNSFormatError) {
    var reader = DNSReader(message)
    id = try reader.integer()
    flags = try reader.integer()
    questionCount = try reader.integer()
    answerCount = try reader.integer()
    authorityCount = try reader.integer()
    additionalCount = try reader.integer()
  }

  init(id: UInt16, flags: UInt16) {
    (self.id, self.flags) = (id, flags)
    (questionCount, answerCount, authorityCount, additionalCount) = (0, 0, 0, 0)
  }

  public var isResponse: Bool { flags & Flag.response != 0 }
  /// 0 is an ordinary query.
  public var operation: UInt8 { UInt8(flags >> 11 & 0xF) }
  public var isTruncated: Bool { flags & Flag.truncated != 0 }
  public var code: DNSResponseCode { DNSResponseCode(rawValue: UInt8(flags & 0xF)) }

  enum Flag {
    static let response: UInt16 = 0x8000
    static let authoritative: UInt16 = 0x0400
    static let truncated: UInt16 = 0x0200
    static let recursionDesired: UInt16 = 0x0100
    static let recursionAvailable: UInt16 = 0x0080
    static let checkingDisabled: UInt16 = 0x0010
    static let operation: UInt16 = 0x7800
  }

  func write(to bytes: inout [UInt8]) {
    for number in [id, flags, questionCount, answerCount, authorityCount, additionalCount] { bytes.put(number) }
  }
}

/// How a question was answered. RFC 1035, section 4.1.1.
public struct DNSResponseCode: RawRepresentable, Sendable, Hashable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  public static let success = DNSResponseCode(rawValue: 0)
  /// The question cannot be understood.
  public static let formatError = DNSResponseCode(rawValue: 1)
  public static let serverFailure = DNSResponseCode(rawValue: 2)
  /// There is no such name (NXDOMAIN).
  public static let noSuchName = DNSResponseCode(rawValue: 3)
  public static let notImplemented = DNSResponseCode(rawValue: 4)
  public static let refused = DNSResponseCode(rawValue: 5)
}

/// What is asked about a name. IANA's registry of DNS parameters.
public struct DNSRecordType: RawRepresentable, Sendable, Hashable {
  public var rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  public static let address4 = DNSRecordType(rawValue: 1)
  public static let pointer = DNSRecordType(rawValue: 12)
  public static let address6 = DNSRecordType(rawValue: 28)
  /// EDNS: not about a name, but about the sender of the message. RFC 6891.
  static let option = DNSRecordType(rawValue: 41)
}

/// Reads a message from its beginning on.
struct DNSReader {
  private let bytes: [UInt8]
  private(set) var place = 0

  init(_ message: some Collection<UInt8>) {
    bytes = Array(message)
  }

  mutating func byte() throws(DNSFormatError) -> UInt8 {
    guard place < bytes.count else { throw .short }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func integer() throws(DNSFormatError) -> UInt16 {
    let high = try byte()
    return UInt16(high) << 8 | UInt16(try byte())
  }

  mutating func skip(_ count: Int) throws(DNSFormatError) {
    guard place + count <= bytes.count else { throw .short }
    place += count
  }

  /// Reads a name, which may go on at an earlier place of the message. RFC 1035, section 4.1.4.
  mutating func name() throws(DNSFormatError) -> DomainName {
    var labels: [[UInt8]] = []
    var (total, behind) = (1, Int?.none)
    while true {
      let start = place
      let length = try byte()
      if length == 0 { break }
      switch length >> 6 {
      case 0:
        let end = place + Int(length)
        guard end <= bytes.count else { throw .short }
        total += Int(length) + 1
        guard total <= DomainName.mostBytes else { throw .name }
        labels.append(Array(bytes[place..<end]))
        place = end
      case 3:
        let target = Int(length & 0x3F) << 8 | Int(try byte())
        // Only backwards: so it comes to an end.
        guard target < start else { throw .name }
        behind = behind ?? place
        place = target
      default: throw .name
      }
    }
    if let behind { place = behind }
    return try DomainName(labels: labels)
  }
}

extension [UInt8] {
  mutating func put(_ number: UInt16) {
    append(UInt8(number >> 8))
    append(UInt8(truncatingIfNeeded: number))
  }

  mutating func put(_ number: UInt32) {
    put(UInt16(number >> 16))
    put(UInt16(truncatingIfNeeded: number))
  }
}
