import Diagnostics
import LinuxKernel
import ShimProtocol

/// Takes a process's output: an attach or exec connection.
protocol OutputReceiver: AnyObject {
  /// Bytes in an `output` frame, ready to be sent.
  func take(frame: ArraySlice<UInt8>, of stream: OutputStream)

  /// How many bytes it has taken and not yet passed on.
  var behind: Int { get }
}

/// Carries the streams of one process, the container's or an exec's: output to the log and to whoever is attached,
/// input from them.
///
/// While a receiver is too far behind, no output is read: the process then waits in its write.
final class StdioRelay {
  private enum Limit {
    /// A receiver that is so many bytes behind holds up the process.
    static let highWater = 256 * 1024
    /// It goes on when no receiver is further behind than this.
    static let lowWater = 128 * 1024
    /// When the process has ended there is nobody to hold up; what is in the pipes is read in any case.
    static let drainingHighWater = 4 * 1024 * 1024
    /// The process has ended: how long a pipe that others hold open must be silent.
    static let silence: UInt64 = 200_000_000
    /// And how long they are heard at most if they are not.
    static let patience: UInt64 = 2_000_000_000
  }

  let input: InputSink?

  private let buffer: ReadBuffer
  private let loop: EventLoop
  private let log: LogWriter?
  private var sources: [OutputSource] = []
  private var receivers: [any OutputReceiver] = []
  private var isPaused = false
  private var drain: Drain?

  /// The process has ended, and its last output is being waited for.
  private struct Drain {
    let deadline: UInt64
    var lastOutput: UInt64
    let completion: () -> Void
  }

  init(_ streams: ProcessStreams, loop: EventLoop, buffer: ReadBuffer, log: LogWriter?) throws(SystemError) {
    self.loop = loop
    self.buffer = buffer
    self.log = log
    if let descriptor = streams.input {
      input = try InputSink(descriptor, loop: loop)
    } else {
      input = nil
    }
    for (stream, descriptor) in streams.outputs {
      sources.append(try OutputSource(descriptor, stream: stream, relay: self, loop: loop))
    }
  }

  func add(_ receiver: any OutputReceiver) {
    receivers.append(receiver)
  }

  func remove(_ receiver: any OutputReceiver) {
    receivers.removeAll { $0 === receiver }
    resumeIfCaughtUp()
  }

  /// A receiver is less far behind than it was.
  func resumeIfCaughtUp() {
    guard isPaused, !receivers.contains(where: { $0.behind > Limit.lowWater }) else { return }
    resume()
  }

  /// The process has ended: relays what is left and then calls `completion`, once. A child in the background may hold
  /// the pipes open, so the end is the end of all of them or a silence.
  func drain(_ completion: @escaping () -> Void) {
    let now = monotonicNanoseconds()
    drain = Drain(deadline: now + Limit.patience, lastOutput: now, completion: completion)
    resume()
    if sources.isEmpty { finish() } else { checkSilence() }
  }

  fileprivate func relay(_ source: OutputSource) {
    switch source.read(into: buffer) {
    case .wouldBlock: return
    case .bytes(let count): deliver(count, of: source.stream)
    case .end:
      source.pause()
      sources.removeAll { $0 === source }
      if sources.isEmpty, drain != nil { finish() }
    }
  }

  private func deliver(_ count: Int, of stream: OutputStream) {
    drain?.lastOutput = monotonicNanoseconds()
    log?.write(buffer.content(count), stream: stream)
    guard !receivers.isEmpty else { return }
    let frame = buffer.outputFrame(count, of: stream)
    for receiver in receivers { receiver.take(frame: frame, of: stream) }
    let limit = drain == nil ? Limit.highWater : Limit.drainingHighWater
    guard receivers.contains(where: { $0.behind > limit }) else { return }
    isPaused = true
    for source in sources { source.pause() }
  }

  private func resume() {
    isPaused = false
    for source in sources { source.resume() }
  }

  private func checkSilence() {
    guard let drain else { return }
    let now = monotonicNanoseconds()
    let end = min(drain.lastOutput + Limit.silence, drain.deadline)
    if end <= now { return finish() }
    loop.after(nanoseconds: end - now) { [weak self] in self?.checkSilence() }
  }

  /// Lets go of all descriptors and receivers.
  private func finish() {
    guard let completion = drain?.completion else { return }
    drain = nil
    for source in sources { source.pause() }
    sources = []
    log?.finish()
    input?.close()
    receivers = []
    completion()
  }
}

/// One output of a process: a pipe, or the master of its terminal.
private final class OutputSource: LoopSource {
  let stream: OutputStream
  private let descriptor: SharedDescriptor
  private let loop: EventLoop
  private unowned let relay: StdioRelay
  private var watch: EventLoop.Watch?

  init(
    _ descriptor: SharedDescriptor, stream: OutputStream, relay: StdioRelay, loop: EventLoop
  ) throws(SystemError) {
    self.stream = stream
    self.descriptor = descriptor
    self.relay = relay
    self.loop = loop
    try descriptor.descriptor.setNonblocking(true)
    resume()
  }

  func ready(_ events: Epoll.Events) {
    relay.relay(self)
  }

  func read(into buffer: ReadBuffer) -> ReadOutcome {
    do {
      return try buffer.read(descriptor)
    } catch {
      complain("output: \(error.explanation)")
      return .end
    }
  }

  func pause() {
    if let watch { loop.stop(watch) }
    watch = nil
  }

  func resume() {
    if watch == nil { watch = loop.watch(descriptor, for: .readable, source: self) }
  }
}
