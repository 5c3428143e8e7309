import DNSFormat
import NetworkAddresses
import Testing

/// A question, byte by byte as a client writes it.
func question(
  _ name: String, type: UInt16 = 1, id: UInt16 = 0x1234, size: UInt16? = nil, flags: UInt16 = 0x0100
) -> [UInt8] {
  func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
  var message = bytes(id) + bytes(flags) + bytes(1) + bytes(0) + bytes(0) + bytes(size == nil ? 0 : 1)
  for label in name.split(separator: ".") { message += [UInt8(label.utf8.count)] + Array(label.utf8) }
  message += [0] + bytes(type) + bytes(1)
  if let size { message += [0] + bytes(41) + bytes(size) + [0, 0, 0, 0, 0, 0] }
  return message
}

struct MessageTests {
  @Test func aQuestionIsRead() throws {
    let query = try DNSQuery(question("Web.example.", type: 28, size: 1232))
    #expect(
      query.header.id == 0x1234 && query.name == DomainName("web.EXAMPLE") && query.name.description == "Web.example")
    #expect(query.type == .address6 && query.hasExtension && query.mostAnswerBytes == 1232 && query.isOrdinary)
    #expect(try DNSQuery(question("a")).mostAnswerBytes == 512)
    // Less than anybody may take is as good as nothing said.
    #expect(try DNSQuery(question("a", size: 100)).mostAnswerBytes == 512)
  }

  @Test func whatIsNoQuestionIsRefused() throws {
    #expect(throws: DNSFormatError.short) { try DNSQuery(question("web").dropLast(3)) }
    #expect(throws: DNSFormatError.notAQuery) { try DNSQuery(question("web", flags: 0x8100)) }
    var two = question("web")
    two[5] = 2
    #expect(throws: DNSFormatError.questionCount) { try DNSQuery(two) }
    #expect(try DNSQuery(question("web", flags: 0x2800)).isOrdinary == false)
    // A name that refers to itself, and one that refers forwards.
    for target: UInt8 in [12, 40] {
      #expect(throws: DNSFormatError.name) {
        try DNSQuery(question("").prefix(12) + [0xC0, target, 0, 1, 0, 1] + [UInt8](repeating: 0, count: 40))
      }
    }
    let answer = try #require(DNSQuery.formatErrorAnswer(to: two))
    #expect(answer == [0x12, 0x34, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(DNSQuery.formatErrorAnswer(to: question("web", flags: 0x8000)) == nil)
    #expect(DNSQuery.formatErrorAnswer(to: [1]) == nil)
  }

  @Test func anAnswerHoldsItsRecords() throws {
    let query = try DNSQuery(question("web", size: 512))
    let address = try #require(IPAddress("10.1.0.2"))
    let answer = query.answer(.success, [DNSRecord(query.name, address: address.bytes, lifetime: 5)])
    // Header, question, one record, EDNS.
    #expect(Array(answer[0..<12]) == [0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 1])
    #expect(Array(answer[12..<21]) == [3] + Array("web".utf8) + [0, 0, 1, 0, 1])
    #expect(Array(answer[21..<37]) == [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 1, 0, 2])
    #expect(answer.count == 48)
    #expect(try DNSHeader(answer).code == .success && DNSRelay.isAnswer(answer, to: query, id: 0x1234))
  }

  @Test func whatDoesNotFitIsLeftOut() throws {
    let query = try DNSQuery(question("web"))
    let records = (0..<100).map { DNSRecord(query.name, address: [10, 0, 0, UInt8($0)], lifetime: 5) }
    let answer = query.answer(.success, records, limit: 512)
    let header = try DNSHeader(answer)
    #expect(answer.count <= 512 && header.isTruncated && header.answerCount == (512 - 12 - 9) / 16)
    #expect(try !DNSHeader(query.answer(.success, records)).isTruncated)
  }

  @Test func answersOfOthersAreRecognised() throws {
    let query = try DNSQuery(question("web.example"))
    let answer = query.answer(.success, [DNSRecord(query.name, address: [192, 0, 2, 1], lifetime: 60)])
    #expect(DNSRelay.isAnswer(DNSRelay.renumbered(answer, 7), to: query, id: 7))
    #expect(!DNSRelay.isAnswer(answer, to: query, id: 7))
    #expect(!DNSRelay.isAnswer(question("web.example"), to: query, id: 0x1234))
    let other = try DNSQuery(question("other.example")).answer(.success)
    #expect(!DNSRelay.isAnswer(other, to: query, id: 0x1234))
    let large = query.answer(.success, (0..<60).map { DNSRecord(query.name, address: [10, 0, 0, $0], lifetime: 1) })
    let fitted = DNSRelay.fitted(large, to: query)
    #expect(try fitted.count <= 512 && DNSHeader(fitted).isTruncated)
    #expect(DNSRelay.fitted(answer, to: query) == answer)
  }

  @Test func addressesFromNames() throws {
    func address(_ text: String) -> String? { DomainName(text).flatMap { IPAddress(reverse: $0) }?.description }
    #expect(address("2.0.1.10.in-addr.arpa") == "10.1.0.2")
    #expect(address("1.10.in-addr.arpa") == nil && address("a.0.1.10.in-addr.arpa") == nil)
    let digits = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.IP6.ARPA"
    #expect(address(digits) == "fd00::1")
    #expect(address("1.0.ip6.arpa") == nil && address("web.example") == nil)
  }

  @Test func namesHaveTheirLimits() {
    #expect(DomainName(String(repeating: "a", count: 63)) != nil)
    #expect(DomainName(String(repeating: "a", count: 64)) == nil)
    #expect(DomainName("a..b") == nil && DomainName("")?.labels.isEmpty == true)
    #expect(DomainName(Array(repeating: "abcdefghi", count: 26).joined(separator: ".")) == nil)
  }

  /// Whatever the bytes are, reading them gives a value or an error.
  @Test func noBytesTrap() throws {
    let sample = question("web.example.com", size: 4096)
    let query = try DNSQuery(sample)
    for round in 0..<50_000 {
      var bytes = sample
      if round % 3 == 0 { bytes = (0..<Int.random(in: 0...64)).map { _ in .random(in: .min ... .max) } }
      for _ in 0...2 where !bytes.isEmpty { bytes[.random(in: bytes.indices)] = .random(in: .min ... .max) }
      if round % 2 == 0 { bytes.removeLast(.random(in: 0...bytes.count)) }
      if let read = try? DNSQuery(bytes) { _ = read.answer(.success, limit: 512) }
      _ = DNSQuery.formatErrorAnswer(to: bytes)
      _ = DNSRelay.isAnswer(bytes, to: query, id: 0x1234)
      _ = DNSRelay.fitted(bytes, to: query)
    }
  }
}
