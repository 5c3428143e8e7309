import AsyncHTTPClient
import Diagnostics
import Logging
import NIOCore
import NIOHTTP1
public import OCIImageSpec
import Synchronization

extension RemoteRepository {
  /// Fetches a blob into a sink, when one of the client's download slots is free.
  ///
  /// A transfer that breaks off or stands still is taken up again where it stopped, by Range, at most
  /// `RetryPolicy.attempts` times in a row without progress. When this returns, the whole blob was written and has the
  /// right digest. When it throws, the sink holds a beginning of the blob that a later call may resume from, except
  /// after an error of kind `dataLoss`: then what was written is worth nothing.
  ///
  /// - Parameters:
  ///   - there: how many bytes of it are in the sink already.
  ///
  /// Throws: `ClassifiedError`, or what the sink throws.
  public func fetchBlob(
    _ descriptor: Descriptor, resuming there: Int64 = 0, into sink: some BlobSink
  ) async throws {
    do {
      try await client.slots.run {
        try await self.fetchFromAnywhere(descriptor, resuming: there, into: sink)
      }
    } catch {
      throw explain(error)
    }
  }

  /// Fetches a small blob, such as an image's configuration, into memory.
  ///
  /// Throws: `ClassifiedError`; of kind `invalid` when it is longer than `limit` bytes.
  public func blob(_ descriptor: Descriptor, limit: Int64 = 8 * 1024 * 1024) async throws -> [UInt8] {
    guard descriptor.size <= limit else {
      throw ClassifiedError(
        .invalid, "\(descriptor.digest) has \(descriptor.size) bytes, more than the \(limit) that are sensible here",
        object: reference.familiar)
    }
    let sink = MemorySink(descriptor.digest.algorithm)
    try await fetchBlob(descriptor, into: sink)
    return sink.bytes
  }

  private func fetchFromAnywhere(
    _ descriptor: Descriptor, resuming there: Int64, into sink: some BlobSink
  ) async throws {
    var transfer = BlobTransfer(descriptor, resuming: there)
    // A beginning from an earlier attempt that turns out wrong is not the registry's fault: it gets a second chance.
    var places = await directory.order
    if there > 0, let first = places.first { places.insert(first, at: 0) }
    for (turn, index) in places.enumerated() {
      do {
        let endpoint = try await directory.endpoint(at: index)
        try await stream(&transfer, from: endpoint, into: sink)
        try transfer.verify(try await sink.digest())
        await directory.prefer(index)
        return
      } catch let failure as RegistryFailure where turn < places.count - 1 {
        await noteFailure(of: index, failure)
        if failure.isVerification {
          try await sink.restart()
          transfer = BlobTransfer(descriptor)
        }
      }
    }
  }

  /// Streams what is missing of a blob from one place, however often that has to be begun.
  private func stream(
    _ transfer: inout BlobTransfer, from endpoint: RegistryEndpoint, into sink: some BlobSink
  ) async throws {
    let retries = client.configuration.retries
    var failures = 0
    while !transfer.isComplete {
      let before = transfer.received
      do {
        try await streamOnce(&transfer, from: endpoint, into: sink)
      } catch let failure as RegistryFailure where failure.isTransient || before > 0 && failure.isConnection {
        failures = transfer.received > before ? 1 : failures + 1
        guard failures < retries.attempts else { throw failure }
        let pause = retries.delay(afterFailures: failures, asked: failure.retryAfter)
        await sink.willRetry(after: pause, because: failure.message)
        client.logger.info("blob transfer interrupted, going on at byte \(transfer.received): \(failure.message)")
        try await Task.sleep(for: pause)
      }
    }
  }

  private func streamOnce(
    _ transfer: inout BlobTransfer, from endpoint: RegistryEndpoint, into sink: some BlobSink
  ) async throws {
    let (response, alreadyThere) = try await openBlob(transfer, at: endpoint)
    var surplus = alreadyThere
    var chunks = response.body.makeAsyncIterator()
    while true {
      var chunk: ByteBuffer
      do {
        guard let next = try await chunks.next() else { break }
        chunk = next
      } catch {
        if Task.isCancelled { throw CancellationError() }
        throw RegistryFailure.of(error, reaching: endpoint.base)
      }
      if surplus > 0 {
        let skipped = Int(min(surplus, Int64(chunk.readableBytes)))
        chunk.moveReaderIndex(forwardBy: skipped)
        surplus -= Int64(skipped)
        if chunk.readableBytes == 0 { continue }
      }
      try transfer.take(chunk)
      try await sink.write(chunk)
    }
    guard transfer.isComplete else {
      throw RegistryFailure(
        .interruption, .unavailable, "unexpected EOF after \(transfer.received) of \(transfer.descriptor.size) bytes")
    }
  }

  /// Asks for what is missing. `alreadyThere` is how much of the answer is there already, from a registry that
  /// ignores ranges.
  private func openBlob(
    _ transfer: BlobTransfer, at endpoint: RegistryEndpoint
  ) async throws -> (response: HTTPClientResponse, alreadyThere: Int64) {
    let descriptor = transfer.descriptor
    var request = RegistryEndpoint.Request(path: "\(reference.path)/blobs/\(descriptor.digest)", scope: scope)
    if transfer.received > 0 { request.headers.add(name: "range", value: "bytes=\(transfer.received)-") }
    let response: HTTPClientResponse
    do {
      response = try await endpoint.send(request)
    } catch let failure as RegistryFailure {
      guard case .status(416) = failure.cause else { throw failure }
      throw RegistryFailure(
        .verification, .dataLoss, "the registry has less than the \(descriptor.size) bytes of \(descriptor.digest)")
    }
    let isPartial = response.status == .partialContent
    if isPartial {
      let range = response.headers.first(name: "content-range") ?? ""
      guard range.hasPrefix("bytes \(transfer.received)-") else {
        throw RegistryFailure(
          .verification, .dataLoss, "the registry answered with another part of \(descriptor.digest): \(range)")
      }
    }
    let expected = isPartial ? descriptor.size - transfer.received : descriptor.size
    if let length = response.headers.first(name: "content-length"), Int64(length) != expected {
      throw RegistryFailure(
        .verification, .dataLoss, "the registry has \(length) bytes of \(descriptor.digest), not \(expected)")
    }
    return (response, isPartial ? 0 : transfer.received)
  }
}

/// Keeps a small blob in memory.
private final class MemorySink: BlobSink {
  private let buffer = Mutex(ByteBuffer())
  private let algorithm: DigestAlgorithm

  init(_ algorithm: DigestAlgorithm) {
    self.algorithm = algorithm
  }

  var bytes: [UInt8] { buffer.withLock { Array($0.readableBytesView) } }

  func write(_ bytes: ByteBuffer) {
    buffer.withLock { _ = $0.writeImmutableBuffer(bytes) }
  }

  func digest() -> Digest {
    var hasher = ContentHasher(algorithm)
    hasher.update(bytes)
    return hasher.finish()
  }

  func restart() {
    buffer.withLock { $0.clear() }
  }
}
