import Dispatch
import OCIImageSpec
import Synchronization

/// A bounded queue of buffers between the thread that inflates and hashes and the thread that makes files.
///
/// The buffers go round: the writer takes an empty one, fills and sends it; the reader returns it when it is done.
final class ChunkPipe: Sendable {
  enum Message {
    case chunk([UInt8], count: Int)
    /// All has been sent; it hashes to this.
    case end(Digest)
    case failure(any Error)
  }

  private struct State {
    var empty: [[UInt8]]
    var sent: [Message] = []
    var isClosed = false
  }

  private let state: Mutex<State>
  private let emptyCount: DispatchSemaphore
  private let sentCount = DispatchSemaphore(value: 0)

  init(buffers: Int, size: Int) {
    state = Mutex(State(empty: (0..<buffers).map { _ in [UInt8](repeating: 0, count: size) }))
    emptyCount = DispatchSemaphore(value: 0)
    for _ in 0..<buffers { emptyCount.signal() }
  }

  // MARK: The writer's end

  /// Waits for an empty buffer; nil when the reader wants no more.
  func takeEmpty() -> [UInt8]? {
    emptyCount.wait()
    return state.withLock { state in state.isClosed ? nil : state.empty.popLast() }
  }

  func send(_ message: sending Message) {
    state.withLock { $0.sent.append(message) }
    sentCount.signal()
  }

  // MARK: The reader's end

  /// Waits for the next message. After `end` or `failure` there is none.
  func receive() -> Message {
    sentCount.wait()
    return state.withLock { $0.sent.removeFirst() }
  }

  func giveBack(_ buffer: sending [UInt8]) {
    state.withLock { $0.empty.append(buffer) }
    emptyCount.signal()
  }

  /// Tells the writer to stop.
  func close() {
    state.withLock { $0.isClosed = true }
    emptyCount.signal()
  }
}
