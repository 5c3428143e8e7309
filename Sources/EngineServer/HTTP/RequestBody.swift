import Diagnostics
import EngineAPI
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A request's body, pulled piece by piece; a client that sends faster waits in its own socket. It can be read once.
struct RequestBody: AsyncSequence, Sendable {
  /// The most that a JSON body may hold, in bytes.
  static let documentLimit = 16 << 20

  struct AsyncIterator: AsyncIteratorProtocol {
    let pull: @Sendable () async throws -> ByteBuffer?

    mutating func next() async throws -> ByteBuffer? { try await pull() }
  }

  /// The next piece, or nil at the end. Throws when the client breaks off.
  let pull: @Sendable () async throws -> ByteBuffer?

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }

  /// The whole body. Throws: kind `invalid` when it is longer than `limit` bytes.
  func collect(limit: Int) async throws -> ByteBuffer {
    var whole = ByteBuffer()
    for try await piece in self {
      guard whole.readableBytes + piece.readableBytes <= limit else {
        throw ClassifiedError(.invalid, "the request's body is longer than \(limit) bytes")
      }
      if whole.readableBytes == 0 { whole = piece } else { whole.writeImmutableBuffer(piece) }
    }
    return whole
  }
}
