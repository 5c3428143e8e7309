import NIOCore

/// Bytes from the client on their way to the task that reads them: a bounded queue with at most one reader.
///
/// It lives on the event loop. Whoever fills it stops reading from the socket while `isFull`.
struct InboundQueue {
  typealias Reader = CheckedContinuation<ByteBuffer?, any Error>

  private enum End {
    case finished
    case failed(any Error)
  }

  /// How many bytes may wait here before the socket is left alone.
  static let capacity = 128 << 10

  private var buffers = CircularBuffer<ByteBuffer>()
  private var end: End?
  private var reader: Reader?
  private(set) var byteCount = 0

  var isFull: Bool { byteCount >= InboundQueue.capacity }

  mutating func push(_ buffer: ByteBuffer) {
    guard end == nil, buffer.readableBytes > 0 else { return }
    if let reader = reader.take() {
      reader.resume(returning: buffer)
    } else {
      buffers.append(buffer)
      byteCount += buffer.readableBytes
    }
  }

  /// No more bytes will come; the reader gets what is there, then nil.
  mutating func finish() { close(.finished) }

  /// No more bytes will come; the reader gets what is there, then the error.
  mutating func fail(_ error: any Error) { close(.failed(error)) }

  private mutating func close(_ end: End) {
    guard self.end == nil else { return }
    self.end = end
    if let reader = reader.take() { deliver(end, to: reader) }
  }

  /// Forgets what has not been read.
  mutating func discard() {
    buffers.removeAll()
    byteCount = 0
  }

  /// Answers the reader now or when something comes.
  mutating func next(_ reader: Reader) {
    precondition(self.reader == nil, "two readers on one queue")
    if let buffer = buffers.popFirst() {
      byteCount -= buffer.readableBytes
      reader.resume(returning: buffer)
    } else if let end {
      deliver(end, to: reader)
    } else {
      self.reader = reader
    }
  }

  private func deliver(_ end: End, to reader: Reader) {
    switch end {
    case .finished: reader.resume(returning: nil)
    case .failed(let error): reader.resume(throwing: error)
    }
  }
}
