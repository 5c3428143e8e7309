import Diagnostics
import Logging
import NIOCore
import OCIRuntimeSpec

/// The one serial loop of a container: it takes the commands one after the other, asks the state machine what each
/// means, and carries that out. Nothing else changes the container.
///
/// Nothing here is shared: the loop lives inside the task that runs it.
final class ContainerLoop {
  private let container: Container
  private let engine: Engine

  /// The way to the shim, and which run it belongs to. Nil when the container does not run.
  private var shim: (connection: ShimConnection, token: ContainerCommand.RunToken)?
  private var stops: [ContainerCommand.Reply] = []
  private var removals: [ContainerCommand.Reply] = []
  /// Clients that came before the start.
  private var waitingAttaches: [AttachSession] = []

  init(_ container: Container, _ engine: Engine, adopting shim: (ShimConnection, ContainerCommand.RunToken)? = nil) {
    self.container = container
    self.engine = engine
    self.shim = shim.map { (connection: $0.0, token: $0.1) }
  }

  /// Runs until the container has been removed or the engine ends.
  func run() async {
    for await command in container.inbox {
      await handle(command)
    }
  }

  private func handle(_ command: ContainerCommand) async {
    if case .removed = container.state {
      // It came in while the container was being taken away.
      command.reply?.set(.failure(ClassifiedError.noSuchContainer(container.id.text)))
      return
    }
    switch command {
    case .start(let reply):
      await answer(reply) { loop in try await loop.perform(.start) }
    case .stop(let signal, let timeout, let reply):
      await stop(signal: signal, timeout: timeout, reply)
    case .kill(let signal, let reply):
      await answer(reply) { loop in
        do {
          try await loop.perform(.kill(signal: signal))
        } catch let error as ClassifiedError where error.kind == .conflict {
          throw ClassifiedError(
            .conflict, "cannot kill container: \(loop.container.id): \(ClassifiedError.notRunning(loop.container.id))")
        }
      }
    case .remove(let force, let reply):
      await remove(force: force, reply)
    case .rename(let name, let reply):
      await answer(reply) { loop in try await loop.rename(to: name) }
    case .resize(let exec, let rows, let columns, let reply):
      await answer(reply) { loop in
        guard let shim = loop.shim else { throw ClassifiedError.notRunning(loop.container.id) }
        try await shim.connection.resize(exec: exec, rows: rows, columns: columns)
      }
    case .attach(let session, let reply):
      await answer(reply) { loop in try await loop.attach(session) }
    case .connect(let attachment, let reply):
      await answer(reply) { loop in try await loop.engine.connect(loop.container, attachment) }
    case .disconnect(let network, let reply):
      await answer(reply) { loop in try await loop.engine.disconnect(loop.container, network) }
    case .update(let request, let reply):
      await answer(reply) { loop in try await loop.engine.update(loop.container, request) }
    case .ended(let token, let end):
      await note(end, of: token)
    case .deadline(let run, let afterKill):
      await performWithoutAsker(.deadline(run: run, afterKill: afterKill))
    }
  }

  private func answer(
    _ reply: ContainerCommand.Reply, _ work: (ContainerLoop) async throws -> Void
  ) async {
    do {
      try await work(self)
      reply.set(.success(()))
    } catch {
      reply.set(.failure(error))
    }
  }

  // MARK: Commands

  private func stop(signal: Int32, timeout: Int?, _ reply: ContainerCommand.Reply) async {
    do {
      try await perform(.stop(signal: signal, timeout: timeout))
      try FailPoint.stopAfterSignal.pass()
      stops.append(reply)
    } catch {
      reply.set(.failure(error))
    }
  }

  private func remove(force: Bool, _ reply: ContainerCommand.Reply) async {
    removals.append(reply)
    do {
      try await perform(.remove(force: force))
    } catch {
      removals.removeAll { $0 === reply }
      let name = container.name
      let isConflict = errorKind(of: error) == .conflict
      reply.set(
        .failure(
          isConflict
            ? ClassifiedError(.conflict, "cannot remove container \"/\(name)\": \(explanation(of: error))") : error))
    }
  }

  private func rename(to name: String) async throws {
    let old = container.name
    guard name != old else {
      throw ClassifiedError(.invalid, "Renaming a container with the same name as its current name")
    }
    try engine.containers.reserve(name, for: container.id)
    do {
      try await engine.records.rename(container, to: name)
    } catch {
      engine.containers.release(name, of: container.id)
      throw error
    }
    container.rename(to: name)
    engine.containers.release(old, of: container.id)
    let (networks, id) = (engine.networks, container.id)
    try await networks.change { try networks.rename(id, to: name) }
    engine.events.publish("rename", container, ["oldName": "/\(old)"])
  }

  private func attach(_ session: AttachSession) async throws {
    if shim != nil {
      try await session.connect(to: engine.layout.socket(of: container.id), on: engine.configuration.eventLoops)
    } else {
      waitingAttaches.removeAll { $0.isDetached }
      waitingAttaches.append(session)
    }
    engine.events.publish("attach", container)
  }

  private func note(_ end: ShimEnd, of token: ContainerCommand.RunToken) async {
    guard let shim, shim.token == token else { return }
    let exit = await engine.exit(of: container, after: end)
    do {
      try FailPoint.exitBeforeRecord.pass()
    } catch {
      report(error)
    }
    await performWithoutAsker(.exited(exit))
  }

  // MARK: Actions

  /// For what happens by itself: the log is told of a failure, and the actions after it are taken all the same. An exit
  /// that cannot be recorded is still an exit, and whoever waits for it must hear of it; the shim's record stays on disk.
  private func performWithoutAsker(_ input: ContainerState.Input) async {
    let actions: [ContainerState.Action]
    do { actions = try container.handle(input) } catch { return report(error) }
    for action in actions {
      do { try await perform(action) } catch { report(error) }
    }
  }

  private func report(_ error: any Error) {
    engine.logger.error("container \(container.id): \(explanation(of: error))")
  }

  private func perform(_ input: ContainerState.Input) async throws {
    for action in try container.handle(input) {
      try await perform(action)
    }
  }

  private func perform(_ action: ContainerState.Action) async throws {
    switch action {
    case .launch: try await launch()
    case .signal(let number): try await shim?.connection.signal(number)
    case .armDeadline(let seconds, let afterKill): armDeadline(seconds, afterKill: afterKill)
    case .abandonStop:
      stops = settle(stops, .failure(ClassifiedError(.system, "container \(container.id) does not die after SIGKILL")))
      removals = settle(
        removals, .failure(ClassifiedError(.system, "container \(container.id) does not die after SIGKILL")))
    case .record: try await record()
    case .announce(let event): engine.events.publish(event, container)
    case .leaveNetworks:
      if engine.networks.grant(of: container.id) == nil { engine.publish("disconnect", networksOf: container) }
      try await engine.leaveNetworks(container)
    case .wakeWaiters: wakeWaiters()
    case .cleanUp: try await cleanUp()
    case .erase: try await erase()
    }
  }

  private func launch() async throws {
    let token = engine.nextRunToken()
    var start = ContainerStart(container, engine, token: token)
    let started: ContainerStart.Started
    do {
      started = try await start.run(attaching: waitingAttaches)
    } catch {
      let failure = StartFailureReport(error, command: container.commandName)
      engine.logger.debug("container \(container.id): start failed: \(start.trace)")
      try await perform(.launchFailed(failure.state))
      throw failure.answer
    }
    engine.logger.debug("container \(container.id): start trace: \(start.trace)")
    shim = (connection: started.connection, token: token)
    waitingAttaches = []
    engine.publish("connect", networksOf: container)
    do {
      try await perform(.launched(pid: Int(started.pid), at: started.time))
    } catch {
      // Nobody would find it again after the server's death: so it does not run on.
      try await started.connection.signal(killSignal)
      throw ClassifiedError(
        .system, "container \(container.id) was ended, since its start cannot be recorded: \(explanation(of: error))")
    }
  }

  private func record() async throws {
    try await engine.records.update(container)
    if case .exited = container.state { try FailPoint.exitAfterRecord.pass() }
  }

  private func armDeadline(_ seconds: Int, afterKill: Bool) {
    guard case .running(let run) = container.state else { return }
    let container = container
    engine.configuration.eventLoops.next().scheduleTask(in: .seconds(Int64(seconds))) {
      _ = container.send(.deadline(run: run.started, afterKill: afterKill))
    }
  }

  private func wakeWaiters() {
    container.wakeWaiters(ContainerWait.Exit(code: container.state.exitCode, error: nil))
    stops = settle(stops, .success(()))
  }

  /// Answers all of `replies`; none is left.
  private func settle(
    _ replies: [ContainerCommand.Reply], _ result: Result<Void, any Error>
  ) -> [ContainerCommand.Reply] {
    for reply in replies { reply.set(result) }
    return []
  }

  /// Ends what a run has left behind; the container itself stays.
  private func cleanUp() async throws {
    if let shim {
      shim.connection.acknowledge()
      shim.connection.close()
    }
    shim = nil
    container.forgetExecs()
    try await engine.converge(container, to: .stopped)
  }

  private func erase() async throws {
    if let shim {
      shim.connection.acknowledge()
      shim.connection.close()
    }
    shim = nil
    do {
      try await engine.erase(container)
    } catch {
      container.wakeRemovalWaiters(error: explanation(of: error))
      removals = settle(removals, .failure(error))
      throw error
    }
    try await perform(.erased)
    engine.containers.remove(container)
    engine.execs.remove(of: container)
    container.closeInbox()
    container.wakeRemovalWaiters(error: nil)
    for session in waitingAttaches { await session.detach() }
    waitingAttaches = []
    removals = settle(removals, .success(()))
  }
}
