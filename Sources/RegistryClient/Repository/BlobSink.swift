public import NIOCore
public import OCIImageSpec

/// Where the bytes of a blob go. Calls come one after the other, each after the one before has returned: a sink that
/// takes its time slows the transfer down, and nothing piles up in memory.
public protocol BlobSink: Sendable {
  /// Takes the next bytes.
  func write(_ bytes: ByteBuffer) async throws

  /// The digest of all that was written since the beginning or the last `restart`. The sink hashes what it keeps, so
  /// that each byte is hashed once, and what is checked is what was kept.
  func digest() async throws -> Digest

  /// Throws away what came so far, for it was not what it should be; the blob comes again from its beginning.
  /// A sink that cannot do that throws.
  func restart() async throws

  /// The transfer broke off and goes on after a pause where it stopped.
  func willRetry(after pause: Duration, because reason: String) async
}

extension BlobSink {
  public func willRetry(after pause: Duration, because reason: String) async {}
}
