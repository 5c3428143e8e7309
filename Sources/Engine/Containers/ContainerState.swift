import Diagnostics

/// Where a container is in its life: a value without side effects. What happens goes in as an `Input`; what is to
/// be done about it comes out as a list of `Action`s, which the container's loop carries out in their order.
enum ContainerState: Sendable, Equatable {
  /// Made, and not run yet; with the reason when a start has failed.
  case created(StartFailure?)
  case running(Run)
  /// Ended, lost, or ended earlier with a failed start since.
  case exited(Exit)
  /// Being removed: nothing but another attempt at it is possible any more.
  case removing(exitCode: Int)
  case removed(exitCode: Int)

  /// Why a start failed, and the exit code that tells clients.
  struct StartFailure: Sendable, Equatable {
    /// 127: no such program; 126: it cannot be executed; 128: anything else.
    var code: Int
    var message: String
  }

  /// One life of init, from its start to its exit.
  struct Run: Sendable, Equatable {
    var pid: Int
    var started: Timestamp
    var stop = Stop.none
    /// Somebody has asked for removal by force: it follows the exit.
    var removal = false
  }

  /// How far a stop has come.
  enum Stop: Sendable, Equatable {
    case none
    /// The stop signal has been sent.
    case asked
    /// The time was up: SIGKILL has been sent.
    case killed
  }

  /// How the last run ended.
  struct Exit: Sendable, Equatable {
    var code: Int
    var oomKilled = false
    /// Why, when it was not the program's own end.
    var error = ""
    var started: Timestamp?
    var finished: Timestamp?
  }

  /// What can happen to a container.
  enum Input: Sendable, Equatable {
    case start
    case launched(pid: Int, at: Timestamp)
    case launchFailed(StartFailure)
    case exited(Exit)
    /// `timeout` in seconds; nil: wait for ever.
    case stop(signal: Int32, timeout: Int?)
    /// The time that a stop gave the run which began at `run` is over; or the time that SIGKILL was given.
    case deadline(run: Timestamp, afterKill: Bool)
    case kill(signal: Int32)
    case remove(force: Bool)
    case erased
  }

  /// What is to be done. Each is one step of the loop.
  enum Action: Sendable, Equatable {
    /// Run the start recipe.
    case launch
    /// Send a signal to init.
    case signal(Int32)
    /// Send `deadline` after so many seconds.
    case armDeadline(seconds: Int, afterKill: Bool)
    /// Tell those who wait for a stop that the container does not die.
    case abandonStop
    /// Write the state to the database.
    case record
    case announce(Event)
    /// Give back addresses and ports: whoever has waited for the exit may ask for them at once.
    case leaveNetworks
    /// Tell those who wait for an exit.
    case wakeWaiters
    /// Remove what this run left in the kernel and in the exec root.
    case cleanUp
    /// Remove everything, then send `erased`.
    case erase
  }

  /// What goes into the event stream.
  enum Event: Sendable, Equatable {
    case start
    case kill(signal: Int32)
    case outOfMemory
    case die(code: Int, seconds: Int64)
    case stop
    case destroy
  }

  /// How long after SIGKILL a container may take to die, in seconds, before a stop is given up.
  static let killGrace = 10

  /// Takes note of what happened.
  ///
  /// Throws: `conflict` when it does not go with the state, `notModified` when the state is already as asked.
  mutating func handle(_ input: Input, autoRemove: Bool) throws(ClassifiedError) -> [Action] {
    switch (self, input) {
    case (.removing(let exitCode), .erased):
      self = .removed(exitCode: exitCode)
      return [.announce(.destroy), .wakeWaiters]
    case (.removing, .remove):
      return [.erase]
    case (.removing, .deadline), (.removing, .exited), (.removed, _):
      return []
    case (.removing, _):
      throw ClassifiedError(.conflict, "container is marked for removal and cannot be started or changed")
    case (.running(let run), _):
      return try handle(input, during: run, autoRemove: autoRemove)
    case (_, .start):
      return [.launch]
    case (_, .launched(let pid, let time)):
      self = .running(Run(pid: pid, started: time))
      return [.record, .announce(.start)]
    case (_, .launchFailed(let failure)):
      return fail(failure, autoRemove: autoRemove)
    case (_, .remove):
      return beginRemoval()
    case (_, .stop):
      throw ClassifiedError(.notModified, "container is already stopped")
    case (_, .kill):
      throw ClassifiedError(.conflict, "container is not running")
    case (_, .deadline), (_, .exited), (_, .erased):
      return []
    }
  }

  private mutating func handle(
    _ input: Input, during run: Run, autoRemove: Bool
  ) throws(ClassifiedError) -> [Action] {
    var run = run
    switch input {
    case .start:
      throw ClassifiedError(.notModified, "container is already started")
    case .stop(let signal, let timeout):
      if run.stop == .none { run.stop = .asked }
      self = .running(run)
      return [.signal(signal), .announce(.kill(signal: signal))]
        + (timeout.map { [.armDeadline(seconds: $0, afterKill: false)] } ?? [])
    case .deadline(let started, let afterKill):
      guard started == run.started else { return [] }
      // SIGKILL has its own time: that of a stop which was asked for beside it says nothing any more.
      if run.stop == .killed { return afterKill ? [.abandonStop] : [] }
      run.stop = .killed
      self = .running(run)
      return [
        .signal(killSignal), .announce(.kill(signal: killSignal)),
        .armDeadline(seconds: Self.killGrace, afterKill: true),
      ]
    case .kill(let signal):
      return [.signal(signal), .announce(.kill(signal: signal))]
    case .remove(let force):
      guard force else {
        throw ClassifiedError(
          .conflict, "container is running: stop the container before removing or force remove")
      }
      run.removal = true
      run.stop = .killed
      self = .running(run)
      return [
        .signal(killSignal), .announce(.kill(signal: killSignal)),
        .armDeadline(seconds: Self.killGrace, afterKill: true),
      ]
    case .exited(let exit):
      return end(run, exit, autoRemove: autoRemove)
    case .launched, .launchFailed, .erased:
      return []
    }
  }

  private mutating func end(_ run: Run, _ exit: Exit, autoRemove: Bool) -> [Action] {
    var exit = exit
    exit.started = run.started
    let nanoseconds = max(0, (exit.finished ?? run.started).nanoseconds - run.started.nanoseconds)
    var actions: [Action] = exit.oomKilled ? [.announce(.outOfMemory)] : []
    actions += [.announce(.die(code: exit.code, seconds: nanoseconds / 1_000_000_000)), .leaveNetworks]
    if run.stop != .none, !run.removal { actions.append(.announce(.stop)) }
    self = .exited(exit)
    guard run.removal || autoRemove else { return [.record] + actions + [.wakeWaiters, .cleanUp] }
    // Not recorded: after a crash here the exit record and AutoRemove lead to the same end.
    return actions + [.wakeWaiters] + beginRemoval()
  }

  private mutating func fail(_ failure: StartFailure, autoRemove: Bool) -> [Action] {
    if case .exited(var exit) = self {
      exit.code = failure.code
      exit.error = failure.message
      self = .exited(exit)
    } else {
      self = .created(failure)
    }
    return autoRemove ? [.cleanUp] + beginRemoval() : [.record, .cleanUp]
  }

  private mutating func beginRemoval() -> [Action] {
    self = .removing(exitCode: exitCode)
    return [.erase]
  }
}

/// SIGKILL, signal(7).
let killSignal: Int32 = 9

extension ContainerState {
  var isRunning: Bool {
    if case .running = self { true } else { false }
  }

  /// Docker's word for it.
  var status: String {
    switch self {
    case .created: "created"
    case .running: "running"
    case .exited: "exited"
    case .removing, .removed: "removing"
    }
  }

  /// The exit code that clients see, in every state.
  var exitCode: Int {
    switch self {
    case .created(let failure): failure?.code ?? 0
    case .exited(let exit): exit.code
    case .removing(let code), .removed(let code): code
    case .running: 0
    }
  }

  var errorMessage: String {
    switch self {
    case .created(let failure): failure?.message ?? ""
    case .exited(let exit): exit.error
    case .running, .removing, .removed: ""
    }
  }
}
