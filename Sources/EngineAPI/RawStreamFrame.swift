/// The framing of output without a terminal (`application/vnd.docker.multiplexed-stream`): one byte of stream,
/// three of zero, a big-endian length, and the payload.
public enum RawStreamFrame {
  public enum Stream: UInt8, Sendable {
    case input = 0
    case output = 1
    case error = 2
    /// An error of the server, sent in the stream because the status had gone out.
    case systemError = 3
  }

  public static let headerLength = 8

  /// The eight bytes in front of a payload.
  public static func header(_ stream: Stream, payloadLength: UInt32) -> [UInt8] {
    [stream.rawValue, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: payloadLength >> $0) }
  }
}

/// Takes a framed stream apart, however its bytes are cut into pieces.
///
/// Payloads are passed on as they come, so that a frame of any length costs no memory.
public struct RawStreamDecoder: Sendable {
  /// A stream number that does not exist: the input is not framed.
  public struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
    public let streamNumber: UInt8

    public var description: String { "unrecognized stream number \(streamNumber) in the framed output" }
  }

  private var header: [UInt8] = []
  private var stream = RawStreamFrame.Stream.output
  private var remaining: UInt32 = 0

  public init() {}

  /// Whether the stream may end here.
  public var isBetweenFrames: Bool { header.isEmpty && remaining == 0 }

  /// Calls `emit` for each piece of payload in `bytes`. Throws: `Fault`, and what `emit` throws.
  public mutating func decode(
    _ bytes: ArraySlice<UInt8>, emit: (RawStreamFrame.Stream, ArraySlice<UInt8>) throws -> Void
  ) throws {
    var rest = bytes
    while !rest.isEmpty {
      if remaining > 0 {
        let payload = rest.prefix(Int(remaining))
        remaining -= UInt32(payload.count)
        rest = rest.dropFirst(payload.count)
        try emit(stream, payload)
        continue
      }
      let piece = rest.prefix(RawStreamFrame.headerLength - header.count)
      header += piece
      rest = rest.dropFirst(piece.count)
      if header.count == RawStreamFrame.headerLength { try readHeader() }
    }
  }

  private mutating func readHeader() throws {
    guard let stream = RawStreamFrame.Stream(rawValue: header[0]) else { throw Fault(streamNumber: header[0]) }
    self.stream = stream
    remaining = header[4...].reduce(0) { $0 << 8 | UInt32($1) }
    header.removeAll(keepingCapacity: true)
  }
}
