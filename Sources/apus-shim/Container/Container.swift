import Diagnostics
import LinuxKernel
import ShimProtocol

/// A container whose init exists: what has become of it, and what can be done to it.
final class Container {
  private enum Phase {
    case created
    case starting(StartGate)
    case running
    /// Init has ended; its last output is being relayed.
    case draining(ExitRecord)
    case exited(ExitRecord)
  }

  let launch: ShimLaunch
  let relay: StdioRelay
  let pid: Int32
  /// Called when init has ended, before its last output has been relayed.
  var onInitEnd: (() -> Void)?
  /// Called when the exit has been recorded.
  var onExit: ((ExitRecord) -> Void)?

  private let terminal: SharedDescriptor?
  private let runtime: Runtime
  private let context: ShimContext
  private var phase = Phase.created
  private var startedAt: Int64 = 0

  init(
    _ launch: ShimLaunch, _ started: ProcessStart.Started, relay: StdioRelay, runtime: Runtime, context: ShimContext
  ) {
    self.launch = launch
    self.relay = relay
    self.runtime = runtime
    self.context = context
    pid = started.pid
    terminal = started.streams.terminal
  }

  /// Begins to wait for the end of init, which may already have come.
  func watchInit() {
    context.children.whenEnded(pid) { self.initEnded($0) }
  }

  // MARK: State

  var exit: ExitRecord? {
    if case .exited(let record) = phase { record } else { nil }
  }

  var isRunning: Bool {
    if case .running = phase { true } else { false }
  }

  func status(execs: [ShimStatus.RunningExec]) -> ShimStatus {
    let phase: ShimStatus.Phase =
      switch phase {
      case .created, .starting: .created
      case .running: .running
      case .draining: startedAt == 0 ? .created : .running
      case .exited: .exited
      }
    return ShimStatus(phase: phase, pid: pid, startedAt: startedAt, execs: execs, exit: exit)
  }

  // MARK: Requests

  func start(_ answer: @escaping (ShimEvent) -> Void) {
    guard case .created = phase else { return answer(.failed(notNow("start", .conflict, "was started before"))) }
    do {
      let fifo = "\(launch.runtimeRoot)/\(launch.id)/exec.fifo"
      let gate = try StartGate(path: fifo, loop: context.loop) { self.passedGate($0, answer) }
      phase = .starting(gate)
    } catch {
      answer(.failed(ShimFailure(error, step: "start")))
    }
  }

  /// Sends a signal to init, or has the runtime send it to every process of the container.
  func signal(_ number: UInt8, wholeContainer: Bool, _ answer: @escaping (ShimEvent) -> Void) {
    guard let signal = Signal(rawValue: Int32(number)) else {
      return answer(.failed(ShimFailure(kind: .invalid, message: "no signal \(number)", step: "signal")))
    }
    if !wholeContainer, hasEnded { return answer(.failed(notNow("signal", .conflict, "is not running"))) }
    do {
      if wholeContainer { return try signalAll(signal, answer) }
      // Init is our child and has not been waited for, so the number is its own.
      try signal.send(to: pid)
      answer(.done)
    } catch {
      answer(.failed(ShimFailure(error, step: "signal")))
    }
  }

  func resize(rows: UInt16, columns: UInt16) -> ShimEvent {
    guard let terminal, !hasEnded else {
      return .failed(notNow("resize", .conflict, hasEnded ? "is not running" : "has no terminal"))
    }
    return terminal.resize(rows: rows, columns: columns)
  }

  // MARK: Transitions

  private func passedGate(_ result: Result<Void, ShimFailure>, _ answer: (ShimEvent) -> Void) {
    switch result {
    case .success:
      startedAt = unixNanoseconds()
      phase = .running
      answer(.started)
    case .failure(let failure):
      answer(.failed(failure))
    }
  }

  private func initEnded(_ status: ExitStatus) {
    let record = ExitReport.record(
      of: status, outOfMemory: ExitReport.ranOutOfMemory(counter: launch.oomCounter))
    // Init may have passed the gate and ended before the loop came to its byte.
    if case .starting(let gate) = phase { gate.settle() }
    phase = .draining(record)
    onInitEnd?()
    relay.drain { self.recordExit(record) }
  }

  private func recordExit(_ record: ExitRecord) {
    ExitReport.write(record, to: launch.exitRecord)
    phase = .exited(record)
    onExit?(record)
  }

  private var hasEnded: Bool {
    switch phase {
    case .created, .starting, .running: false
    case .draining, .exited: true
    }
  }

  private func notNow(_ step: String, _ kind: ErrorKind, _ what: String) -> ShimFailure {
    ShimFailure(kind: kind, message: "container \(launch.id) \(what)", step: step)
  }

  /// Also for a container whose init has ended: without a pid namespace of its own, others may be left.
  private func signalAll(_ signal: Signal, _ answer: @escaping (ShimEvent) -> Void) throws(SystemError) {
    let pairs = try StreamPairs(pipeInput: false, pipeOutput: false)
    try runtime.run(["kill", "--all", launch.id, "\(signal.rawValue)"], pairs.theirs) { status in
      let isDone = status == .exited(0)
      answer(isDone ? .done : .failed(Runtime.failure(of: "signal", status, errors: pairs.errorReader)))
    }
  }
}

extension SharedDescriptor {
  /// Resizes a terminal, as an answer.
  func resize(rows: UInt16, columns: UInt16) -> ShimEvent {
    do {
      try descriptor.setWindowSize(WindowSize(rows: rows, columns: columns))
      return .done
    } catch {
      return .failed(ShimFailure(error, step: "resize"))
    }
  }
}
