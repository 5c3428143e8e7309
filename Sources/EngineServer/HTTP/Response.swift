import EngineAPI
import NIOCore
import NIOHTTP1

/// What a route answers; the connection carries it out.
struct Response: Sendable {
  enum Content: Sendable {
    case none
    case bytes(ByteBuffer)
    case stream(StreamedBody)
    /// The connection leaves HTTP behind and is the closure's until that returns.
    case takeover(@Sendable (RawConnection) async -> Void)
  }

  var status: HTTPResponseStatus
  var headers: [(name: String, value: String)]
  var content: Content

  init(_ status: HTTPResponseStatus, headers: [(name: String, value: String)] = [], content: Content = .none) {
    self.status = status
    self.headers = headers
    self.content = content
  }

  static let noContent = Response(.noContent)

  /// One JSON document with a line end, as Docker's server writes it.
  static func json(_ value: some APIValue, status: HTTPResponseStatus = .ok) throws -> Response {
    Response(status, headers: [("Content-Type", "application/json")], content: .bytes(try jsonLine(value)))
  }

  static func stream(
    contentType: String, startsAtOnce: Bool = false, hasErrorsInBody: Bool = false,
    lastWords: (@Sendable (any Error) -> ByteBuffer?)? = nil,
    _ produce: @Sendable @escaping (BodyStream) async throws -> Void
  ) -> Response {
    Response(
      .ok, headers: [("Content-Type", contentType)],
      content: .stream(
        StreamedBody(
          startsAtOnce: startsAtOnce, hasErrorsInBody: hasErrorsInBody, produce: produce, lastWords: lastWords)))
  }
}

/// A body that is written as it comes.
struct StreamedBody: Sendable {
  /// Whether the head goes out before there is anything to send. Else it goes out with the first bytes, so that an
  /// error before them still becomes a status.
  var startsAtOnce: Bool
  /// Whether every error goes into the body, even if nothing has been sent before it.
  var hasErrorsInBody = false
  var produce: @Sendable (BodyStream) async throws -> Void
  /// What to end with when an error comes too late for a status; without it the connection breaks off.
  var lastWords: (@Sendable (any Error) -> ByteBuffer?)?
}

/// A value as one line of JSON.
func jsonLine(_ value: some APIValue) throws -> ByteBuffer {
  var buffer = ByteBuffer(bytes: EngineJSON.encode(value))
  buffer.writeInteger(UInt8(ascii: "\n"))
  return buffer
}

/// The body of an answer under way. Each write is flushed, and returns when the socket has room for more.
struct BodyStream: Sendable {
  let write: @Sendable (ByteBuffer) async throws -> Void

  /// Writes one line of JSON.
  func writeLine(_ value: some APIValue) async throws {
    try await write(try jsonLine(value))
  }
}
