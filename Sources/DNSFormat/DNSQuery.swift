/// A question as a client sends it.
public struct DNSQuery: Sendable, Equatable {
  public let header: DNSHeader
  public let name: DomainName
  public let type: DNSRecordType
  /// 1 is the Internet, 255 is any.
  public let recordClass: UInt16
  /// How many bytes of an answer the client takes in one datagram: 512, or what it says by EDNS. RFC 6891.
  public let mostAnswerBytes: Int
  /// Whether it speaks EDNS.
  public let hasExtension: Bool

  /// Reads a message.
  ///
  /// Throws: ``DNSFormatError``.
  public init(_ message: some Collection<UInt8>) throws(DNSFormatError) {
    header = try DNSHeader(message)
    guard !header.isResponse else { throw .notAQuery }
    guard header.questionCount == 1 else { throw .questionCount }
    var reader = DNSReader(message)
    try reader.skip(DNSHeader.byteCount)
    name = try reader.name()
    type = DNSRecordType(rawValue: try reader.integer())
    recordClass = try reader.integer()
    var size: Int?
    let others = Int(header.answerCount) + Int(header.authorityCount) + Int(header.additionalCount)
    for _ in 0..<others {
      _ = try reader.name()
      let type = DNSRecordType(rawValue: try reader.integer())
      let recordClass = try reader.integer()
      try reader.skip(4)
      try reader.skip(Int(try reader.integer()))
      if type == .option { size = Int(recordClass) }
    }
    hasExtension = size != nil
    mostAnswerBytes = max(size ?? 512, 512)
  }

  /// Whether it is an ordinary question about a name of the Internet.
  public var isOrdinary: Bool { header.operation == 0 && (recordClass == 1 || recordClass == 255) }
}

/// A resource record that answers a question. RFC 1035, section 4.1.3; RFC 3596.
public struct DNSRecord: Sendable, Hashable {
  public var name: DomainName
  public var type: DNSRecordType
  /// For how many seconds it may be kept.
  public var lifetime: UInt32
  let data: [UInt8]

  /// The address of a name: four or sixteen bytes.
  public init(_ name: DomainName, address bytes: [UInt8], lifetime: UInt32) {
    self.name = name
    type = bytes.count == 4 ? .address4 : .address6
    self.lifetime = lifetime
    data = bytes
  }

  /// The name of an address.
  public init(_ name: DomainName, pointsTo target: DomainName, lifetime: UInt32) {
    self.name = name
    type = .pointer
    self.lifetime = lifetime
    var data: [UInt8] = []
    target.write(to: &data)
    self.data = data
  }

  /// What it takes of a message, its name being the question's.
  fileprivate var byteCount: Int { 12 + data.count }

  /// The name is written as a reference to the question's.
  fileprivate func write(to bytes: inout [UInt8]) {
    bytes.put(UInt16(0xC000) | UInt16(DNSHeader.byteCount))
    bytes.put(type.rawValue)
    bytes.put(UInt16(1))
    bytes.put(lifetime)
    bytes.put(UInt16(data.count))
    bytes += data
  }
}

extension DNSQuery {
  /// The message that answers this question.
  ///
  /// - Parameters:
  ///   - records: All about the name that is asked for. What goes beyond `limit` is left out, and the message says so.
  ///   - limit: The most bytes, where the transport has a limit.
  public func answer(
    _ code: DNSResponseCode, _ records: [DNSRecord] = [], isAuthoritative: Bool = true, limit: Int? = nil
  ) -> [UInt8] {
    let echoed = DNSHeader.Flag.operation | DNSHeader.Flag.recursionDesired | DNSHeader.Flag.checkingDisabled
    var answer = DNSHeader(
      id: header.id,
      flags: DNSHeader.Flag.response | DNSHeader.Flag.recursionAvailable | UInt16(code.rawValue)
        | (isAuthoritative ? DNSHeader.Flag.authoritative : 0) | header.flags & echoed)
    var question: [UInt8] = []
    name.write(to: &question)
    question.put(type.rawValue)
    question.put(recordClass)
    // The root's name, and nothing of EDNS but the size that we take.
    let extensionBytes: [UInt8] = hasExtension ? [0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0] : []
    var room = (limit ?? Int(UInt16.max)) - DNSHeader.byteCount - question.count - extensionBytes.count
    var fitting: [DNSRecord] = []
    for record in records {
      room -= record.byteCount
      guard room >= 0 else {
        answer.flags |= DNSHeader.Flag.truncated
        break
      }
      fitting.append(record)
    }
    answer.questionCount = 1
    answer.answerCount = UInt16(fitting.count)
    answer.additionalCount = hasExtension ? 1 : 0
    var bytes: [UInt8] = []
    answer.write(to: &bytes)
    bytes += question
    for record in fitting { record.write(to: &bytes) }
    return bytes + extensionBytes
  }

  /// The answer to a message that cannot be read: what could be read of its header, and nothing else.
  public static func formatErrorAnswer(to message: some Collection<UInt8>) -> [UInt8]? {
    guard let header = try? DNSHeader(message), !header.isResponse else { return nil }
    let flags = DNSHeader.Flag.response | header.flags & DNSHeader.Flag.operation
    var bytes: [UInt8] = []
    DNSHeader(id: header.id, flags: flags | UInt16(DNSResponseCode.formatError.rawValue)).write(to: &bytes)
    return bytes
  }
}
