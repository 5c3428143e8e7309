/// What is done to messages that are passed on as they are.
public enum DNSRelay {
  /// The message with another id.
  public static func renumbered(_ message: some Collection<UInt8>, _ id: UInt16) -> [UInt8] {
    var bytes = Array(message)
    guard bytes.count >= 2 else { return bytes }
    bytes[0] = UInt8(id >> 8)
    bytes[1] = UInt8(truncatingIfNeeded: id)
    return bytes
  }

  /// Whether a message answers a question that was sent with `id`: anybody may send us datagrams.
  public static func isAnswer(_ message: some Collection<UInt8>, to query: DNSQuery, id: UInt16) -> Bool {
    guard let header = try? DNSHeader(message), header.isResponse, header.id == id else { return false }
    // Some servers leave the question out when they refuse.
    guard header.questionCount == 1 else { return header.questionCount == 0 && header.code != .success }
    var reader = DNSReader(message)
    guard (try? reader.skip(DNSHeader.byteCount)) != nil, let name = try? reader.name(),
      let type = try? reader.integer(), let recordClass = try? reader.integer()
    else { return false }
    return name == query.name && type == query.type.rawValue && recordClass == query.recordClass
  }

  /// An answer cut down to what a client takes in a datagram: to the question, with the word that there is more.
  public static func fitted(_ answer: [UInt8], to query: DNSQuery) -> [UInt8] {
    guard answer.count > query.mostAnswerBytes, let header = try? DNSHeader(answer) else { return answer }
    var cut = query.answer(header.code, isAuthoritative: false)
    cut[2] |= UInt8(DNSHeader.Flag.truncated >> 8)
    return cut
  }
}
