/// A message that a frame carries: `ShimRequest` or `ShimEvent`.
public protocol ShimMessage: Sendable {
  /// The message of a frame with this type and payload.
  init(type: UInt8, payload: ArraySlice<UInt8>) throws(ProtocolError)

  /// The message as one frame. Throws `frameTooLong` when it does not fit into one.
  func frame() throws(ProtocolError) -> [UInt8]
}

/// Turns a stream of bytes, which arrive in pieces of any size, into messages.
///
/// It holds at most one unfinished frame and what was appended last, if all messages are taken after each append.
/// After an error it yields nothing but that error.
public struct FrameDecoder<Message: ShimMessage>: Sendable {
  private var buffer: [UInt8] = []
  private var start = 0
  private var failure: ProtocolError?

  public init() {}

  /// Whether a frame has begun that is not complete.
  public var isInsideFrame: Bool { start < buffer.count }

  public mutating func append(contentsOf bytes: some Collection<UInt8>) {
    guard failure == nil else { return }
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next whole message, or nil when more bytes are needed.
  public mutating func next() throws(ProtocolError) -> Message? {
    if let failure { throw failure }
    do throws(ProtocolError) {
      return try decode()
    } catch {
      failure = error
      buffer = []
      start = 0
      throw error
    }
  }

  private mutating func decode() throws(ProtocolError) -> Message? {
    guard buffer.count - start >= 4 else { return nil }
    let length = (0..<4).reduce(0) { $0 | Int(buffer[start + $1]) << (8 * $1) }
    guard length > 0 else { throw .emptyFrame }
    guard length <= Frame.maximumLength else { throw .frameTooLong(length: length) }
    let end = start + 4 + length
    guard buffer.count >= end else { return nil }
    let message = try Message(type: buffer[start + 4], payload: buffer[(start + 5)..<end])
    start = end
    if start == buffer.count { releaseBuffer() }
    return message
  }

  /// An idle connection keeps no large buffer.
  private mutating func releaseBuffer() {
    buffer.removeAll(keepingCapacity: buffer.capacity <= 4096)
    start = 0
  }
}
