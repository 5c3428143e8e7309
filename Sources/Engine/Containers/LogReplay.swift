import NIOCore
import Synchronization

/// What a container has logged so far, to be pulled piece by piece. The file is read only a little ahead of the client.
final class LogReplay: Sendable {
  private struct Contents {
    var chunks: [StdioChunk] = []
    var isOver = false
    var reader: CheckedContinuation<StdioChunk?, Never>?
    var writer: CheckedContinuation<Void, Never>?
  }

  private let contents = Mutex(Contents())
  private let log: ContainerLogReader
  private static let capacity = 64

  init(_ log: ContainerLogReader) {
    self.log = log
  }

  /// Begins to read the log up to its present end.
  func start(in background: Background) {
    background.start { [self] in
      // A log that cannot be read ends the replay; the live output goes on.
      try? await log.stream { chunk in try await self.put(chunk) }
      finish()
    }
  }

  /// The next piece; nil after the last. One reader at a time.
  func next() async -> StdioChunk? {
    await withCheckedContinuation { reader in
      let (result, writer) = contents.withLock { contents -> (StdioChunk??, CheckedContinuation<Void, Never>?) in
        if contents.chunks.isEmpty {
          if contents.isOver { return (.some(nil), nil) }
          contents.reader = reader
          return (nil, nil)
        }
        defer { contents.writer = nil }
        return (.some(contents.chunks.removeFirst()), contents.writer)
      }
      writer?.resume()
      if let result { reader.resume(returning: result) }
    }
  }

  /// Gives the rest up.
  func finish() {
    let (reader, writer) = contents.withLock { contents in
      contents.isOver = true
      defer { (contents.reader, contents.writer) = (nil, nil) }
      return (contents.reader, contents.writer)
    }
    reader?.resume(returning: nil)
    writer?.resume()
  }

  private func put(_ chunk: StdioChunk) async throws {
    await withCheckedContinuation { (writer: CheckedContinuation<Void, Never>) in
      let (reader, goesOn) = contents.withLock { contents -> (CheckedContinuation<StdioChunk?, Never>?, Bool) in
        if contents.isOver { return (nil, true) }
        if let reader = contents.reader {
          contents.reader = nil
          return (reader, true)
        }
        contents.chunks.append(chunk)
        if contents.chunks.count < LogReplay.capacity { return (nil, true) }
        contents.writer = writer
        return (nil, false)
      }
      reader?.resume(returning: chunk)
      if goesOn { writer.resume() }
    }
    if contents.withLock({ $0.isOver }) { throw CancellationError() }
  }
}
