import Diagnostics
import EngineAPI
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
    let found = try await threads.runIfActive { [self] in try storedContainers() }
    await withTaskGroup(of: Void.self) { group in
      for (container, boot) in found {
        group.addTask { [self] in
          do {
            try await recover(container, boot: boot)
          } catch {
            // One damaged container must not keep the others from coming back.
            logger.error("container \(container.id): recovery: \(explanation(of: error))")
          }
        }
      }
    }
    let known = Set(containers.all.map(\.id))
    let (convergence, parent) = (convergence, configuration.cgroupParent)
    let failures = try await threads.runIfActive { try convergence.sweep(known: known, cgroupParent: parent) }
    for failure in failures { logger.error("cannot remove what is left of container \(failure)") }
  }

  /// The containers that were made in full, with the boot that their state belongs to.
  private func storedContainers() throws -> [(Container, boot: String)] {
    if damagedDatabase != nil { try rebuildRecords() }
    return try records.database.containers().compactMap { record in
      do {
        guard let container = try container(from: record) else { return nil }
        return (container, record.state.boot)
      } catch {
        logger.error("container \(record.id) cannot be read: \(explanation(of: error))")
        return nil
      }
    }
  }

  /// Nil for one whose making was interrupted: its description, which is written last, is missing.
  private func container(from record: ContainerRecord) throws -> Container? {
    guard let id = ContainerID(record.id) else { return nil }
    guard try HostFiles.exists(layout.description(of: id)) else {
      try records.database.remove(container: record.id)
      return nil
    }
    return Container(
      id: id, name: record.name, image: record.image, created: Timestamp(nanoseconds: record.created),
      configuration: try EngineJSON.decode(StoredConfiguration.self, from: record.configuration),
      state: ContainerState(record.state))
  }

  /// Fills an empty database from the containers' descriptions. Their state is found out as after a crash.
  private func rebuildRecords() throws {
    for name in try HostFiles.list(layout.containers) {
      guard let id = ContainerID(name) else { continue }
      do {
        let bytes = try HostFiles.read(layout.description(of: id))
        let written = try EngineJSON.decode(ContainerRecords.Description.self, from: bytes)
        let container = Container(
          id: id, name: written.name, image: written.image, created: Timestamp(nanoseconds: written.created),
          configuration: written.configuration, state: try rebuiltState(of: id))
        try records.reinsert(container)
      } catch {
        logger.error("container \(id) cannot be rebuilt: \(explanation(of: error))")
      }
    }
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

  private func recover(_ container: Container, boot: String) async throws {
    switch container.state {
    case .running, .created, .exited:
      // A server that died between a start and its record leaves a row that does not know of the run.
      if boot == records.boot, let shim = try await reconnect(container) {
        adopt(container, shim: shim)
        return
      }
      try await recoverEnded(container, boot: boot)
    case .removing:
      try await erase(container)
    case .removed:
      break
    }
  }

  /// Takes over a shim that is still there. Nil when there is none.
  private func reconnect(_ container: Container) async throws -> (ShimConnection, ContainerCommand.RunToken)? {
    let socket = layout.socket(of: container.id)
    guard try await threads.runIfActive({ try HostFiles.exists(socket) }) else { return nil }
    let token = nextRunToken()
    let (connection, status): (ShimConnection, ShimStatus)
    do {
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
    if !container.state.isRunning {
      _ = try container.handle(.launched(pid: Int(status.pid), at: Timestamp(nanoseconds: status.startedAt)))
      try await records.update(container)
    } else {
      container.correct(pid: Int(status.pid), started: Timestamp(nanoseconds: status.startedAt))
    }
    if let exit = status.exit { _ = container.send(.ended(run: token, .exited(exit))) }
    return (connection, token)
  }

  /// No shim answers: the container has ended, with a record or without, or has never run.
  private func recoverEnded(_ container: Container, boot: String) async throws {
    let record = try await threads.runIfActive { [self] in try exitRecord(of: container.id) }
    let wasRunning = container.state.isRunning
    if wasRunning || record.map(container.state.isNews) == true {
      if !wasRunning { _ = try container.handle(.launched(pid: 0, at: container.created)) }
      let exit: ContainerState.Exit
      if let record {
        exit = ContainerState.Exit(record)
      } else {
        let isSameBoot = boot == records.boot
        exit = ContainerState.Exit(
          code: isSameBoot ? 137 : 255, error: isSameBoot ? "shim lost" : "the machine was restarted",
          finished: Timestamp.now)
      }
      let actions = try container.handle(.exited(exit))
      if actions.contains(.record) { try await records.update(container) }
    }
    try await settle(container)
  }

  /// A container at rest: nothing of a run may be left, and one with AutoRemove goes.
  private func settle(_ container: Container) async throws {
    if container.autoRemove {
      try await erase(container)
      return
    }
    try await converge(container, to: .stopped)
    adopt(container)
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
