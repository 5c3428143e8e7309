import Diagnostics
import LinuxKernel
import ShimProtocol

/// The fifo at which init waits: opening it for reading lets init execute the program, and the byte that init writes
/// then says that it has.
final class StartGate: LoopSource {
  private let path: String
  private let loop: EventLoop
  private let fifo: SharedDescriptor
  private var watch: EventLoop.Watch?
  private var completion: ((Result<Void, ShimFailure>) -> Void)?

  /// Opens the gate; `completion` is called once init has passed it, or has ended.
  init(
    path: String, loop: EventLoop, completion: @escaping (Result<Void, ShimFailure>) -> Void
  ) throws(SystemError) {
    self.path = path
    self.loop = loop
    self.completion = completion
    fifo = SharedDescriptor(try HostFiles.open(path, [.readOnly, .nonblocking]))
    watch = loop.watch(fifo, for: .readable, source: self)
  }

  func ready(_ events: Epoll.Events) {
    var byte: [UInt8] = [0]
    do {
      switch try fifo.descriptor.tryRead(into: &byte) {
      case .wouldBlock: return
      case .end: fail("init ended before it executed the program")
      case .bytes:
        // A fifo that is gone tells the runtime's `state` that the container runs.
        try HostFiles.remove(path)
        finish(.success(()))
      }
    } catch {
      fail(error.explanation)
    }
  }

  /// Init has ended: whether it had passed the gate is decided now.
  func settle() {
    ready(.readable)
    fail("init ended before it executed the program")
  }

  private func fail(_ message: String) {
    finish(.failure(ShimFailure(kind: .system, message: message, step: "start")))
  }

  private func finish(_ result: Result<Void, ShimFailure>) {
    if let watch { loop.stop(watch) }
    watch = nil
    let completion = self.completion
    self.completion = nil
    completion?(result)
  }
}
