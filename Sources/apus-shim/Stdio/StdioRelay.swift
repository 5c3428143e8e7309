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

/// Where output is read to: one for the whole shim, as only one read is under way at a time.
///
/// The header of an `output` frame fits in front of the bytes, so that they are sent from where they were read to.
final class RelayBuffer {
  static let headerLength = ShimEvent.outputHeader(stream: .output, count: 0).count
  static let chunkLength = 32 * 1024

  fileprivate var bytes = [UInt8](repeating: 0, count: headerLength + chunkLength)
}

/// Carries the streams of one process, the container's or an exec's: output to the log and to whoever is attached,
/// input from them.
///
/// When a receiver is too far behind, no output is read until it has caught up: the process then waits in its write.
final class StdioRelay {
  /// A receiver that is so many bytes behind holds up the process.
  static let highWater = 256 * 1024
  /// It goes on when all receivers are at most this far behind.
  static let lowWater = 128 * 1024
  /// The process has ended and what it left in its pipes is to be read at last; nobody can be held up any more.
  static let drainingHighWater = 2 * 1024 * 1024

  /// Called once, when the last output has been relayed.
  var onEnd: (() -> Void)?
  let input: InputSink?
  /// CLOCK_MONOTONIC, when output last came.
  private(set) var lastOutput: UInt64 = 0

  private let loop: EventLoop
  private let buffer: RelayBuffer
  private let log: LogWriter?
  private var sources: [OutputSource] = []
  private var receivers: [any OutputReceiver] = []
  private var isPaused = false
  private var isDraining = false

  init(_ streams: consuming ProcessStreams, loop: EventLoop, buffer: RelayBuffer, log: LogWriter?) throws(SystemError) {
    self.loop = loop
    self.buffer = buffer
    self.log = log
    input = try streams.input.map { descriptor throws(SystemError) in try InputSink(descriptor, loop: loop) }
    for (stream, descriptor) in streams.outputs {
      sources.append(try OutputSource(descriptor, stream: stream, relay: self, loop: loop))
    }
  }

  var hasEnded: Bool { sources.isEmpty }

  func add(_ receiver: any OutputReceiver) {
    receivers.append(receiver)
  }

  func remove(_ receiver: any OutputReceiver) {
    receivers.removeAll { $0 === receiver }
    resumeIfCaughtUp()
  }

  /// A receiver is less far behind than it was.
  func resumeIfCaughtUp() {
    guard isPaused, !receivers.contains(where: { $0.behind > Self.lowWater }) else { return }
    isPaused = false
    for source in sources { source.resume() }
  }

  /// The process has ended: from now on only what is in the pipes already is of interest.
  func beginDraining() {
    isDraining = true
    lastOutput = monotonicNanoseconds()
    if isPaused {
      isPaused = false
      for source in sources { source.resume() }
    }
  }

  /// Stops reading, logs what has no newline, and lets go of all descriptors.
  func finish() {
    for source in sources { source.close() }
    sources = []
    log?.finish()
    input?.close()
    receivers = []
    onEnd = nil
  }

  /// Relays what one read of `source` gives.
  fileprivate func relay(_ source: OutputSource) {
    switch source.read(into: buffer) {
    case .wouldBlock: return
    case .end:
      source.close()
      sources.removeAll { $0 === source }
      if sources.isEmpty { onEnd?() }
    case .bytes(let count):
      if isDraining { lastOutput = monotonicNanoseconds() }
      deliver(count, of: source.stream)
    }
  }

  private func deliver(_ count: Int, of stream: OutputStream) {
    buffer.bytes.replaceSubrange(
      ..<RelayBuffer.headerLength, with: ShimEvent.outputHeader(stream: stream, count: count))
    let frame = buffer.bytes[..<(RelayBuffer.headerLength + count)]
    log?.write(frame.dropFirst(RelayBuffer.headerLength), stream: stream)
    for receiver in receivers { receiver.take(frame: frame, of: stream) }
    let limit = isDraining ? Self.drainingHighWater : Self.highWater
    if receivers.contains(where: { $0.behind > limit }) {
      isPaused = true
      for source in sources { source.pause() }
    }
  }
}

/// One output of a process: a pipe, or the master of its terminal.
private final class OutputSource: EventSource {
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

  func ready(_ events: EventLoop.Events) {
    relay.relay(self)
  }

  func read(into buffer: RelayBuffer) -> ReadOutcome {
    do {
      return try descriptor.descriptor.tryRead(into: &buffer.bytes, from: RelayBuffer.headerLength)
    } catch {
      complain("output of the container: \(error.explanation)")
      return .end
    }
  }

  func pause() {
    if let watch { loop.stop(watch) }
    watch = nil
  }

  func resume() {
    if watch == nil { watch = loop.watch(descriptor, for: .input, source: self) }
  }

  func close() {
    pause()
  }
}
