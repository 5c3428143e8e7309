import ShimProtocol
import Testing

@Suite struct FrameTests {
  @Test(arguments: Samples.requests) func requestSurvivesTheWire(request: ShimRequest) throws {
    try expectRoundTrip(of: request)
  }

  @Test(arguments: Samples.events) func eventSurvivesTheWire(event: ShimEvent) throws {
    try expectRoundTrip(of: event)
  }

  @Test func manyFramesInPiecesOfAnySize() throws {
    let stream = try Samples.events.flatMap { try $0.frame() }
    for size in [1, 2, 3, 7, 64, 1000, stream.count] {
      var decoder = FrameDecoder<ShimEvent>()
      var events: [ShimEvent] = []
      for start in Swift.stride(from: 0, to: stream.count, by: size) {
        decoder.append(contentsOf: stream[start..<min(start + size, stream.count)])
        while let event = try decoder.next() { events.append(event) }
      }
      #expect(events == Samples.events)
      #expect(!decoder.isInsideFrame)
    }
  }

  @Test func largestChunkFitsIntoAFrame() throws {
    try expectRoundTrip(of: ShimRequest.input([UInt8](repeating: 7, count: Frame.maximumChunk)))
  }

  @Test func outputHeaderStandsInFrontOfBytesAsInAFrame() throws {
    for count in [0, 1, 255, 256, Frame.maximumChunk] {
      let bytes = [UInt8](repeating: 42, count: count)
      for stream in OutputStream.allCases {
        let frame = try ShimEvent.output(stream: stream, bytes: bytes).frame()
        #expect(ShimEvent.outputHeader(stream: stream, count: count) + bytes == frame)
      }
    }
  }

  @Test func payloadCutShortIsTruncatedOrTrailing() throws {
    for request in Samples.requests {
      let frame = try request.frame()
      let payload = frame[5...]
      for count in 0..<min(payload.count, 400) {
        #expect(throws: ProtocolError.self, "\(request.name) cut to \(count)") {
          try ShimRequest(type: frame[4], payload: payload.prefix(count))
        }
      }
      #expect(throws: ProtocolError.trailingBytes(count: 1)) {
        try ShimRequest(type: frame[4], payload: payload + [0])
      }
    }
  }

  @Test(
    arguments: [
      ([0, 0, 0, 0], ProtocolError.emptyFrame),
      ([1, 0, 16, 0, 4], .frameTooLong(length: Frame.maximumLength + 1)),
      ([255, 255, 255, 255, 4], .frameTooLong(length: Int(UInt32.max))),
      ([1, 0, 0, 0, 0], .unknownType(0)),
      ([1, 0, 0, 0, 0x81], .unknownType(0x81)),
      ([3, 0, 0, 0, 4, 9, 2], .invalidValue(field: "whole container")),
      ([5, 0, 0, 0, 9, 255, 255, 255, 255], .truncated(field: "input")),
      ([10, 0, 0, 0, 5, 1, 0, 0, 0, 0xFF, 0, 0, 0, 0], .invalidValue(field: "exec id")),
    ] as [([UInt8], ProtocolError)])
  func malformedFrameIsNamedAndEndsTheStream(bytes: [UInt8], error: ProtocolError) throws {
    var decoder = FrameDecoder<ShimRequest>()
    decoder.append(contentsOf: bytes)
    #expect(throws: error) { try decoder.next() }
    decoder.append(contentsOf: try ShimRequest.start.frame())
    #expect(throws: error) { try decoder.next() }
  }

  @Test func messageThatDoesNotFitIsRefusedByTheWriter() {
    let exec = ShimExec(id: "e", process: [UInt8](repeating: 32, count: Frame.maximumLength))
    #expect(throws: ProtocolError.self) { try ShimRequest.exec(exec).frame() }
  }

  /// Random frames and damaged good ones: a message or an error, and a message comes back as it went.
  @Test func randomBytesNeverTrap() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("fuzz seed \(seed)")
    var random = SplitMix64(state: seed)
    let frames = try Samples.requests.filter { $0.name != "input" }.map { try $0.frame() }
    for _ in 0..<20_000 {
      var frame = frames[Int.random(in: 0..<frames.count, using: &random)]
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        frame[Int.random(in: 4..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      frame.removeLast(Int.random(in: 0...min(3, frame.count - 5), using: &random))
      let length = frame.count - 4
      (frame[0], frame[1]) = (UInt8(length & 255), UInt8(length >> 8))
      var decoder = FrameDecoder<ShimRequest>()
      decoder.append(contentsOf: frame)
      guard let request = try? decoder.next() else { continue }
      #expect(try request.frame() == frame, "seed \(seed)")
    }
  }

  private func expectRoundTrip<Message: ShimMessage & Equatable>(of message: Message) throws {
    var decoder = FrameDecoder<Message>()
    decoder.append(contentsOf: try message.frame())
    #expect(try decoder.next() == message)
    #expect(try decoder.next() == nil)
  }
}

/// Steele, Lea and Flood's SplitMix64: small, and the same on every machine for the same seed.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
