import Diagnostics
import EngineAPI
import FoundationEssentials
import LinuxKernel
import Logging
import NIOPosix
import ShimProtocol
import StateStore

/// Finding the containers again when a server starts: after an upgrade, a crash or a boot.
///
/// What the rows say is compared with what there is: shims that answer are taken over, exits that were recorded
/// meanwhile are taken note of, lost containers are ended, and what nobody claims is removed.
extension Engine {
  func recover() async throws {
    let (found, unreadable) = try await threads.runIfActive { [self] in try storedContainers() }
    try await networks.change { [networks] in try networks.loadGrants() }
    await withTaskGroup(of: Void.self) { group in
      for (container, boot) in found {
        group.addTask { [self] in await recover(container, boot: boot) }
      }
    }
    let running = Set(containers.all.filter(\.state.isRunning).map(\.id))
    try await networks.change { [networks] in try networks.settle(running: running) }
    for container in containers.all where running.contains(container.id) && networks.grant(of: container.id) != nil {
      await attempt(container) { try await bringNetworks(of: container) }
    }
    // What cannot be read is left as it is, for someone to look at: only what nobody claims goes.
    let known = Set(containers.all.map(\.id)).union(unreadable)
    let (convergence, parent) = (convergence, configuration.cgroupParent)
    let failures = try await threads.runIfActive { try convergence.sweep(known: known, cgroupParent: parent) }
    for failure in failures { logger.error("cannot remove what is left of container \(failure)") }
  }

  /// The containers that were made in full, with the boot that their state belongs to; and the ids of those that cannot
  /// be read.
  private func storedContainers() throws -> ([(Container, boot: String)], unreadable: Set<ContainerID>) {
    var unreadable: Set<ContainerID> = []
    if needsRebuild {
      unreadable = try rebuildRecords()
      // With a description that cannot be read now, the next start tries again.
      if unreadable.isEmpty { try records.database.markComplete() }
    }
    var found: [(Container, boot: String)] = []
    for record in try records.database.containers() {
      guard let id = ContainerID(record.id) else { continue }
      do {
        if let container = try container(id, from: record) { found.append((container, record.state.boot)) }
      } catch {
        logger.error(
          "container \(id) cannot be read, and is left alone in \(layout.directory(of: id)): \(explanation(of: error))")
        unreadable.insert(id)
      }
    }
    return (found, unreadable)
  }

  /// Nil for one whose making was interrupted: its description, which is written last, is missing.
  private func container(_ id: ContainerID, from record: ContainerRecord) throws -> Container? {
    let isDescribed = try HostFiles.exists(layout.description(of: id))
    if !isDescribed, record.state.phase == "created" {
      try records.database.remove(container: record.id)
      return nil
    }
    let configuration: StoredConfiguration
    do {
      configuration = try EngineJSON.decode(StoredConfiguration.self, from: record.configuration)
    } catch {
      configuration = try records.description(of: id).configuration
      try records.database.update(configuration: Data(EngineJSON.encode(configuration)), of: record.id)
      logger.warning("container \(id): its row was damaged, and is taken from its description")
    }
    return Container(
      id: id, name: record.name, image: record.image, created: Timestamp(nanoseconds: record.created),
      configuration: configuration, state: ContainerState(record.state))
  }

  /// Adds the containers that only their descriptions tell of. Their state is found out as after a crash. Returns the
  /// ids of those that cannot be read.
  private func rebuildRecords() throws -> Set<ContainerID> {
    let present = Set(try records.database.containers().map(\.id))
    var unreadable: Set<ContainerID> = []
    for name in try HostFiles.list(layout.containers) where !present.contains(name) {
      guard let id = ContainerID(name), try HostFiles.exists(layout.description(of: id)) else { continue }
      do {
        let written = try records.description(of: id)
        try records.reinsert(
          Container(
            id: id, name: written.name, image: written.image, created: Timestamp(nanoseconds: written.created),
            configuration: written.configuration, state: try rebuiltState(of: id)))
      } catch {
        let place = layout.directory(of: id)
        logger.error("container \(id) cannot be rebuilt, and is left alone in \(place): \(explanation(of: error))")
        unreadable.insert(id)
      }
    }
    return unreadable
  }

  /// A shim's socket says that it may run, an exit record that it has ended.
  private func rebuiltState(of id: ContainerID) throws -> ContainerState {
    if try HostFiles.exists(layout.socket(of: id)) {
      return .running(ContainerState.Run(pid: 0, started: Timestamp(nanoseconds: 0)))
    }
    guard let record = try exitRecord(of: id) else { return .created(nil) }
    return .exited(ContainerState.Exit(record))
  }

  // MARK: One container

  /// Takes a container up. A step that fails is logged, and the container is there all the same: the next start of a
  /// server does it again.
  private func recover(_ container: Container, boot: String) async {
    if case .removing = container.state {
      await attempt(container) { try await erase(container) }
      return
    }
    // A server that died between a start and its record leaves a row that does not know of the run.
    if boot == records.boot, let shim = await reconnect(container) {
      await attempt(container) { try await finishUpdate(of: container) }
      return adopt(container, shim: shim)
    }
    await recoverEnded(container, boot: boot)
  }

  /// Whether it went well.
  @discardableResult
  private func attempt(_ container: Container, _ step: () async throws -> Void) async -> Bool {
    do {
      try await step()
      return true
    } catch {
      logger.error("container \(container.id): recovery: \(explanation(of: error))")
      return false
    }
  }

  /// Takes over a shim that is still there. Nil when there is none.
  private func reconnect(_ container: Container) async -> (ShimConnection, ContainerCommand.RunToken)? {
    let token = nextRunToken()
    let (connection, status): (ShimConnection, ShimStatus)
    do {
      let socket = layout.socket(of: container.id)
      guard try await threads.runIfActive({ try HostFiles.exists(socket) }) else { return nil }
      (connection, status) = try await ShimConnection.connect(socket, on: configuration.eventLoops) { end in
        _ = container.send(.ended(run: token, end))
      }
    } catch {
      logger.debug("container \(container.id): \(explanation(of: error))")
      return nil
    }
    guard status.phase != .created else {
      // Its client never got an answer, and its program never ran.
      connection.close()
      return nil
    }
    let start = Timestamp(nanoseconds: status.startedAt)
    if case .running(let run) = container.state {
      // What clients have been told of its start stays so: the shim has read the clock a moment before the server.
      if run.pid != Int(status.pid) { container.correct(pid: Int(status.pid), started: start) }
    } else {
      await attempt(container) {
        _ = try container.handle(.launched(pid: Int(status.pid), at: start))
        try await records.update(container)
      }
    }
    if let exit = status.exit { _ = container.send(.ended(run: token, .exited(exit))) }
    return (connection, token)
  }

  /// No shim answers: the container has ended, with a record or without, or has never run.
  private func recoverEnded(_ container: Container, boot: String) async {
    await attempt(container) {
      let record = try await threads.runIfActive { [self] in try exitRecord(of: container.id) }
      let wasRunning = container.state.isRunning
      guard wasRunning || record.map(container.state.isNews) == true else { return }
      if !wasRunning { _ = try container.handle(.launched(pid: 0, at: container.created)) }
      let actions = try container.handle(.exited(record.map(ContainerState.Exit.init) ?? lostExit(boot: boot)))
      if actions.contains(.record) { try await records.update(container) }
    }
    // A container at rest: nothing of a run may be left, and one with AutoRemove goes.
    if container.autoRemove {
      if await attempt(container, { try await erase(container) }) { return }
    } else {
      await attempt(container) { try await converge(container, to: .stopped) }
    }
    adopt(container)
  }

  /// The end of a run that nobody has recorded.
  private func lostExit(boot: String) -> ContainerState.Exit {
    let isSameBoot = boot == records.boot
    return ContainerState.Exit(
      code: isSameBoot ? 137 : 255, error: isSameBoot ? "shim lost" : "the machine was restarted",
      finished: Timestamp.now)
  }
}

extension Engine {
  /// How a container ended, from what its shim said, or from what it left when it said nothing. A lost shim takes
  /// its container along.
  func exit(of container: Container, after end: ShimEnd) async -> ContainerState.Exit {
    if case .exited(let record) = end { return ContainerState.Exit(record) }
    do {
      let path = cgroupPath(of: container)
      return try await threads.runIfActive { [self] in
        if let record = try exitRecord(of: container.id) { return ContainerState.Exit(record) }
        try cgroups.end(path)
        return ContainerState.Exit(code: 137, error: "shim lost", finished: Timestamp.now)
      }
    } catch {
      logger.error("container \(container.id): after its shim was lost: \(explanation(of: error))")
      return ContainerState.Exit(code: 137, error: "shim lost: \(explanation(of: error))", finished: Timestamp.now)
    }
  }

  /// The exit record on disk; nil when there is none, or none that is whole. Blocking.
  private func exitRecord(of id: ContainerID) throws -> ExitRecord? {
    guard let bytes = try HostFiles.readIfPresent(layout.exitRecord(of: id), limit: 1 << 20) else { return nil }
    do {
      return try ExitRecord(parsing: String(decoding: bytes, as: UTF8.self))
    } catch {
      logger.warning("container \(id): exit record: \(explanation(of: error))")
      return nil
    }
  }
}

extension ContainerState {
  /// Whether an exit record tells of a run that this state does not know. After a failed start there may be one, too:
  /// of an init that was made, and never executed its program.
  func isNews(_ record: ExitRecord) -> Bool {
    switch self {
    case .running: true
    case .created(let failure): failure == nil
    case .exited(let exit): exit.error.isEmpty && record.finished > exit.finished?.nanoseconds ?? 0
    case .removing, .removed: false
    }
  }
}

extension ContainerState.Exit {
  init(_ record: ExitRecord) {
    self.init(
      code: Int(record.code), oomKilled: record.oomKilled, error: record.reason,
      finished: Timestamp(nanoseconds: record.finished))
  }
}
