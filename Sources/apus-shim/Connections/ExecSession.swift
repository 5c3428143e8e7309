import Diagnostics
import LinuxKernel
import ShimProtocol

/// One exec, from its request to its end: the connection that asked for it carries its streams, and it goes on when
/// that connection closes.
final class ExecSession: ConnectionRole, OutputReceiver {
  /// What an exec needs of the shim.
  struct Context {
    let launch: ShimLaunch
    let runtime: Runtime
    let shim: ShimContext
    /// Called when the process has ended and the connection is closed.
    let onEnd: (ExecSession) -> Void
  }

  let exec: ShimExec
  /// The process, while it runs.
  private(set) var pid: Int32?
  private(set) var terminal: SharedDescriptor?

  private let connection: Connection
  private let context: Context
  private var relay: StdioRelay?
  private var isFinished = false

  init(_ connection: Connection, _ exec: ShimExec, _ context: Context) {
    self.connection = connection
    self.exec = exec
    self.context = context
    connection.role = self
  }

  private var processFile: String { "\(context.launch.bundle)/exec-\(exec.id).json" }
  private var pidFile: String { "\(context.launch.bundle)/exec-\(exec.id).pid" }

  // MARK: From request to end

  /// Runs the runtime; what comes of it is answered on the connection. `consolePath` is for its terminal, if any.
  func start(consolePath: String) {
    guard !exec.id.isEmpty, exec.id.utf8.allSatisfy({ $0.isLetterOrDigit }) else {
      return fail(ShimFailure(kind: .invalid, message: "exec id '\(exec.id)' is not letters and digits", step: "exec"))
    }
    // Input that comes early waits in the socket.
    connection.pauseInput()
    do {
      try HostFiles.replace(processFile, with: exec.process, permissions: 0o600)
      let request = ProcessStart.Request(
        step: "exec", command: ["exec", "--detach", "--process", processFile, "--pid-file", pidFile],
        container: context.launch.id, pidFile: pidFile, terminal: exec.terminal, pipeInput: exec.attachStdin,
        pipeOutput: exec.attachStdout, size: WindowSize(rows: exec.rows, columns: exec.columns, ifSet: ()))
      try ProcessStart.begin(
        request, runtime: context.runtime, children: context.shim.children, consolePath: consolePath
      ) { self.started($0) }
    } catch {
      removeFiles()
      fail(ShimFailure(error, step: "exec"))
    }
  }

  /// Ends it, as the container has ended.
  func kill() {
    guard let pid else { return }
    // It may have just ended, and not been waited for yet: that is as good.
    try? Signal.kill.send(to: pid)
  }

  private func started(_ result: Result<ProcessStart.Started, ShimFailure>) {
    removeFiles()
    do {
      let started = try result.get()
      pid = started.pid
      terminal = started.streams.terminal
      let relay = try StdioRelay(started.streams, loop: context.shim.loop, buffer: context.shim.buffer, log: nil)
      self.relay = relay
      connection.send(.execStarted(pid: started.pid))
      if connection.isOpen { relay.add(self) } else { endInput() }
      context.shim.children.whenEnded(started.pid) { self.ended($0) }
      connection.resumeInput()
    } catch {
      fail(error as? ShimFailure ?? ShimFailure(error, step: "exec"))
    }
  }

  private func ended(_ status: ExitStatus) {
    pid = nil
    terminal = nil
    let record = ExitReport.record(of: status)
    relay?.drain {
      self.relay = nil
      self.connection.send(.outputEnd)
      self.connection.send(.exited(record))
      self.finish()
    }
  }

  private func fail(_ failure: ShimFailure) {
    connection.send(.failed(failure))
    finish()
  }

  private func finish() {
    isFinished = true
    if connection.isOpen { connection.closeWhenSent() } else { context.onEnd(self) }
  }

  private func removeFiles() {
    for file in [processFile, pidFile] {
      do {
        if try HostFiles.exists(file) { try HostFiles.remove(file) }
      } catch {
        complain("exec \(exec.id): \(error.explanation)")
      }
    }
  }

  // MARK: Streams

  var behind: Int { connection.behind }

  func take(frame: ArraySlice<UInt8>, of stream: OutputStream) {
    let isAttached = exec.terminal || (stream == .output ? exec.attachStdout : exec.attachStderr)
    if isAttached { connection.send(frame: frame) }
  }

  func received(_ request: ShimRequest, on connection: Connection) {
    switch request {
    case .input(let bytes): relay?.input?.write(bytes, from: connection)
    case .inputEnd: endInput()
    default: break  // `ConnectionOrder` lets nothing else through.
    }
  }

  func sent(on connection: Connection) {
    relay?.resumeIfCaughtUp()
  }

  func closed(_ connection: Connection) {
    endInput()
    relay?.input?.forget(connection)
    relay?.remove(self)
    if isFinished { context.onEnd(self) }
  }

  /// A terminal has no end of input.
  private func endInput() {
    if !exec.terminal { relay?.input?.end() }
  }
}

extension WindowSize {
  /// nil for a size of zero, which means that none was asked for.
  init?(rows: UInt16, columns: UInt16, ifSet: Void) {
    if rows == 0 && columns == 0 { return nil }
    self.init(rows: rows, columns: columns)
  }
}

extension UInt8 {
  fileprivate var isLetterOrDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }
}
