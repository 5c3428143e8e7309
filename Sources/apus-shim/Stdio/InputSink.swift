import LinuxKernel
import ShimProtocol

/// Gives input that it can hold back.
protocol InputFeeder: AnyObject {
  func pauseInput()
  func resumeInput()
}

/// The standard input of a process: a pipe, or the master of its terminal, fed by any number of connections.
final class InputSink: LoopSource {
  /// When so many bytes wait for the process to read them, the feeders are held back.
  private static let highWater = 64 * 1024
  private static let lowWater = 16 * 1024

  private let loop: EventLoop
  private var descriptor: SharedDescriptor?
  private var watch: EventLoop.Watch?
  private var queue = ByteQueue()
  private var endsWhenEmpty = false
  private var heldBack: [any InputFeeder] = []

  init(_ descriptor: SharedDescriptor, loop: EventLoop) throws(SystemError) {
    try descriptor.descriptor.setNonblocking(true)
    self.descriptor = descriptor
    self.loop = loop
  }

  /// Passes bytes on, now or when the process reads. A process that has closed its input loses them.
  func write(_ bytes: [UInt8], from feeder: any InputFeeder) {
    guard descriptor != nil, !endsWhenEmpty else { return }
    queue.append(bytes[...])
    flush()
    guard queue.count > Self.highWater, !heldBack.contains(where: { $0 === feeder }) else { return }
    heldBack.append(feeder)
    feeder.pauseInput()
  }

  /// Closes the input once all bytes have been read by the process.
  func end() {
    endsWhenEmpty = true
    if queue.isEmpty { close() }
  }

  /// The feeder is gone.
  func forget(_ feeder: any InputFeeder) {
    heldBack.removeAll { $0 === feeder }
  }

  func close() {
    stopWatching()
    descriptor = nil
    queue.removeAll()
    releaseFeeders()
  }

  func ready(_ events: Epoll.Events) {
    flush()
  }

  private func flush() {
    while !queue.isEmpty, let descriptor {
      do {
        guard let count = try descriptor.descriptor.tryWrite(queue.waiting.span) else {
          if watch == nil { watch = loop.watch(descriptor, for: .writable, source: self) }
          break
        }
        queue.removeFirst(count)
      } catch {
        // EPIPE: the process reads no more, which is its right.
        return close()
      }
    }
    if queue.count <= Self.lowWater { releaseFeeders() }
    guard queue.isEmpty else { return }
    stopWatching()
    if endsWhenEmpty { close() }
  }

  private func stopWatching() {
    if let watch { loop.stop(watch) }
    watch = nil
  }

  private func releaseFeeders() {
    let feeders = heldBack
    heldBack = []
    for feeder in feeders { feeder.resumeInput() }
  }
}
