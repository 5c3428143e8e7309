import Diagnostics
import EngineAPI
import Synchronization

/// One container: what it is, how it is, and the way to its loop. Reading it never waits.
final class Container: Sendable {
  let id: ContainerID
  let created: Timestamp
  /// The image's id, `sha256:…`.
  let image: String
  let autoRemove: Bool
  let hasTerminal: Bool
  private struct Changing {
    var name: String
    var configuration: StoredConfiguration
    var state: ContainerState
    /// Set by the next exit, then replaced.
    var nextExit = Latch<ContainerWait.Exit>()
    /// Set when the container is gone, or when an attempt to remove it has failed; then replaced.
    var removal = Latch<ContainerWait.Exit>()
    var execs: [String: ExecSession] = [:]
  }

  private let changing: Mutex<Changing>
  private let commands: AsyncStream<ContainerCommand>.Continuation
  /// What its loop reads. To be iterated once, by that loop.
  let inbox: AsyncStream<ContainerCommand>

  init(
    id: ContainerID, name: String, image: String, created: Timestamp, configuration: StoredConfiguration,
    state: ContainerState
  ) {
    self.id = id
    self.image = image
    self.created = created
    (autoRemove, hasTerminal) = (configuration.request.hostConfig.autoRemove, configuration.request.config.tty)
    changing = Mutex(Changing(name: name, configuration: configuration, state: state))
    (inbox, commands) = AsyncStream.makeStream()
  }

  var name: String { changing.withLock { $0.name } }
  var state: ContainerState { changing.withLock { $0.state } }
  var configuration: StoredConfiguration { changing.withLock { $0.configuration } }

  // MARK: For its loop

  func rename(to name: String) {
    changing.withLock { $0.name = name }
  }

  func reconfigure(_ configuration: StoredConfiguration) {
    changing.withLock { $0.configuration = configuration }
  }

  /// The loop's own state machine takes `input`; readers see the result at once.
  func handle(_ input: ContainerState.Input) throws(ClassifiedError) -> [ContainerState.Action] {
    try changing.withLock { changing throws(ClassifiedError) in
      try changing.state.handle(input, autoRemove: autoRemove)
    }
  }

  /// Puts right what the record of a run did not know, from its shim.
  func correct(pid: Int, started: Timestamp) {
    changing.withLock { changing in
      guard case .running(var run) = changing.state else { return }
      run.pid = pid
      run.started = started
      changing.state = .running(run)
    }
  }

  /// Ends the waits for an exit.
  func wakeWaiters(_ exit: ContainerWait.Exit) {
    let latch = changing.withLock { changing in
      defer { changing.nextExit = Latch() }
      return changing.nextExit
    }
    latch.set(.success(exit))
  }

  /// Ends the waits for the removal: it is done, or has failed with `error`.
  func wakeRemovalWaiters(error: String?) {
    let (latch, code) = changing.withLock { changing in
      defer { changing.removal = Latch() }
      return (changing.removal, changing.state.exitCode)
    }
    latch.set(.success(ContainerWait.Exit(code: code, error: error)))
  }

  /// No command is taken any more: those that wait in the inbox are still handled.
  func closeInbox() {
    commands.finish()
  }

  // MARK: For everyone

  /// Passes a command to the loop; false when there is no loop any more.
  func send(_ command: ContainerCommand) -> Bool {
    if case .terminated = commands.yield(command) { return false }
    return true
  }

  /// Registers a wait: no exit after this call is missed.
  func wait(_ condition: WaitCondition) -> ContainerWait {
    let latch: Latch<ContainerWait.Exit> = changing.withLock { changing in
      switch condition {
      case .removed: return changing.removal
      case .nextExit: return changing.nextExit
      case .notRunning:
        if changing.state.isRunning { return changing.nextExit }
        let over = Latch<ContainerWait.Exit>()
        over.set(.success(ContainerWait.Exit(code: changing.state.exitCode, error: nil)))
        return over
      }
    }
    return ContainerWait { try await latch.value }
  }

  // MARK: Execs

  func add(_ exec: ExecSession) {
    changing.withLock { $0.execs[exec.id] = exec }
  }

  func exec(_ id: String) -> ExecSession? {
    changing.withLock { $0.execs[id] }
  }

  var execIDs: [String] { changing.withLock { $0.execs.keys.sorted() } }

  /// Forgets the execs of a run that is over, but for those that somebody may still ask about.
  func forgetExecs() {
    changing.withLock { changing in
      changing.execs = changing.execs.filter { $0.value.isRunning }
    }
  }

  // MARK: What others make of it

  /// The program that the container runs, for messages.
  var commandName: String {
    let config = configuration.request.config
    return ((config.entrypoint ?? []) + (config.cmd ?? [])).first ?? ""
  }
}
