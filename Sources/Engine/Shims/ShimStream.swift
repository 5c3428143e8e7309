import Diagnostics
import NIOCore
import ShimProtocol
import Synchronization

/// A connection that carries a process's streams: an attach or an exec.
///
/// Output is read from the socket only while little of it waits here, so that a slow reader slows down the shim and
/// not this program's memory.
final class ShimStream: Sendable {
  private struct Contents {
    var channel: (any Channel)?
    var chunks: [StdioChunk] = []
    var waitingBytes = 0
    /// Whether the socket waits to be read again.
    var isPaused = false
    /// Nobody wants output any more; it is read and thrown away, for the sake of what follows it.
    var isDraining = false
    var outputHasEnded = false
    var reader: CheckedContinuation<StdioChunk?, any Error>?
  }

  private let contents = Mutex(Contents())
  private let answer = Latch<ShimEvent>()
  /// How the exec of this connection ended.
  let exit = Latch<ExitRecord>()

  /// How many bytes may wait here.
  private static let capacity = 128 << 10

  private init() {}

  /// Connects, says what the connection is (`attach` or `exec`), and waits for the answer.
  ///
  /// Throws: `ShimFailure` when the shim refused; `unavailable` when it is gone.
  static func open(
    _ path: String, as first: ShimRequest, on group: any EventLoopGroup
  ) async throws -> (stream: ShimStream, answer: ShimEvent) {
    let stream = ShimStream()
    let channel = try await ShimSocket.connect(path, on: group, automaticRead: false) { stream.receive($0) }
    stream.contents.withLock { $0.channel = channel }
    try channel.send(first)
    channel.read()
    return (stream, try await stream.answer.value)
  }

  /// The next output, or nil after the last. One reader at a time.
  func next() async throws -> StdioChunk? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let (result, resumed) = contents.withLock { contents in take(from: &contents, for: continuation) }
        resumed?.read()
        if let result { continuation.resume(returning: result.chunk) }
      }
    } onCancel: {
      contents.withLock { contents in
        defer { contents.reader = nil }
        return contents.reader
      }?.resume(throwing: CancellationError())
    }
  }

  private struct Taken {
    var chunk: StdioChunk?
  }

  private func take(
    from contents: inout Contents, for reader: CheckedContinuation<StdioChunk?, any Error>
  ) -> (Taken?, resumed: (any Channel)?) {
    guard !contents.chunks.isEmpty else {
      if contents.outputHasEnded || Task.isCancelled { return (Taken(chunk: nil), nil) }
      contents.reader = reader
      return (nil, nil)
    }
    let chunk = contents.chunks.removeFirst()
    contents.waitingBytes -= chunk.bytes.readableBytes
    return (Taken(chunk: chunk), resumeReading(&contents))
  }

  /// The channel to read from again, if it has been paused and there is room now.
  private func resumeReading(_ contents: inout Contents) -> (any Channel)? {
    guard contents.isPaused, contents.isDraining || contents.waitingBytes < Self.capacity else { return nil }
    contents.isPaused = false
    return contents.channel
  }

  /// Passes bytes on to standard input; returns when the kernel has taken them.
  func write(_ bytes: ByteBuffer) async throws {
    guard let channel = contents.withLock({ $0.channel }) else { return }
    var rest = bytes
    while rest.readableBytes > 0 {
      let count = min(rest.readableBytes, Frame.maximumChunk)
      guard let piece = rest.readBytes(length: count) else { return }
      let frame = try ShimRequest.input(piece).frame()
      try await channel.writeAndFlush(ByteBuffer(bytes: frame)).get()
    }
  }

  /// No more input comes.
  func endInput() {
    // A connection that is gone needs no end of input.
    try? contents.withLock { $0.channel }?.send(.inputEnd)
  }

  /// Gives up the output, and lets the connection go on until the shim ends it.
  func drain() {
    let (reader, resumed) = contents.withLock { contents in
      contents.isDraining = true
      contents.chunks = []
      contents.waitingBytes = 0
      defer { contents.reader = nil }
      return (contents.reader, resumeReading(&contents))
    }
    resumed?.read()
    reader?.resume(returning: nil)
  }

  /// Whether the reader gave up before the end.
  var isDetached: Bool { contents.withLock { $0.isDraining } }

  func close() {
    contents.withLock { $0.channel }?.close(promise: nil)
  }

  // MARK: What comes from the shim

  private func receive(_ signal: ShimFrameHandler.Signal) {
    switch signal {
    case .message(.output(let stream, let bytes)):
      deliver(StdioChunk(stream: stream == .output ? .output : .error, bytes: ByteBuffer(bytes: bytes)))
    case .message(.outputEnd):
      endOutput()
    case .message(.exited(let record)):
      exit.set(.success(record))
    case .message(.failed(let failure)):
      answer.set(.failure(failure))
    case .message(let other):
      answer.set(.success(other))
    case .batchEnd:
      let channel: (any Channel)? = contents.withLock { contents in
        contents.isPaused = true
        return resumeReading(&contents)
      }
      channel?.read()
    case .closed(let failure):
      let gone = failure ?? ClassifiedError(.unavailable, "the container's shim is gone")
      answer.set(.failure(gone))
      exit.set(.failure(gone))
      endOutput()
    }
  }

  private func deliver(_ chunk: StdioChunk) {
    let reader: CheckedContinuation<StdioChunk?, any Error>? = contents.withLock { contents in
      if contents.isDraining { return nil }
      if let reader = contents.reader {
        contents.reader = nil
        return reader
      }
      contents.chunks.append(chunk)
      contents.waitingBytes += chunk.bytes.readableBytes
      return nil
    }
    reader?.resume(returning: chunk)
  }

  private func endOutput() {
    let reader = contents.withLock { contents in
      contents.outputHasEnded = true
      defer { contents.reader = nil }
      return contents.reader
    }
    reader?.resume(returning: nil)
  }
}
