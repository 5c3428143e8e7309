import EngineAPI
import Testing

@Suite struct RawStreamFrameTests {
  @Test func headerIsBigEndian() {
    #expect(RawStreamFrame.header(.error, payloadLength: 0x0102_0304) == [2, 0, 0, 0, 1, 2, 3, 4])
  }

  /// However the stream is cut, the same payloads come out.
  @Test(arguments: [1, 2, 3, 7, 8, 9, 100])
  func anyCut(size: Int) throws {
    let parts: [(RawStreamFrame.Stream, [UInt8])] = [
      (.output, Array("hello".utf8)), (.error, []), (.error, Array("oh".utf8)), (.systemError, [7]),
    ]
    let bytes = parts.flatMap { RawStreamFrame.header($0.0, payloadLength: UInt32($0.1.count)) + $0.1 }
    var decoder = RawStreamDecoder()
    var seen: [RawStreamFrame.Stream: [UInt8]] = [:]
    for start in stride(from: 0, to: bytes.count, by: size) {
      try decoder.decode(bytes[start..<min(start + size, bytes.count)]) { seen[$0, default: []] += $1 }
    }
    #expect(decoder.isBetweenFrames)
    #expect(seen == [.output: Array("hello".utf8), .error: Array("oh".utf8), .systemError: [7]])
  }

  @Test func unframedInputIsNoticed() {
    var decoder = RawStreamDecoder()
    #expect(throws: RawStreamDecoder.Fault.self) { try decoder.decode(Array("plain text".utf8)[...]) { _, _ in } }
  }

  @Test(arguments: ["", "1", "1.", ".1", "1.x", "1.2.3", "v1.2", "-1.2", "1.+2"])
  func versionsAreTwoNumbers(text: String) {
    #expect(APIVersion(text) == nil)
  }

  @Test func versionsCompareByNumber() throws {
    #expect(try #require(APIVersion("1.9")) < APIVersion(1, 41))
    #expect("\(APIVersion.maximum)" == "1.51")
  }
}
