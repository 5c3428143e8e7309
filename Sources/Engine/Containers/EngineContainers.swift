public import EngineAPI

import Diagnostics
import LinuxKernel
import NIOPosix

/// What clients do with containers: each call becomes a message to the container's loop.
extension Engine {
  public func startContainer(_ name: String, detachKeys: String?) async throws {
    try await send(containers.find(name)) { .start($0) }
  }

  public func stopContainer(_ name: String, signal: String?, timeout: Int?) async throws {
    let container = try containers.find(name)
    let process = try settledPlan(of: container).process
    let number = try signal.map { try Self.signal($0) } ?? process.stopSignal
    let seconds = timeout ?? process.stopTimeout ?? -1
    try await send(container) { .stop(signal: number.rawValue, timeout: seconds < 0 ? nil : seconds, $0) }
  }

  public func killContainer(_ name: String, signal: String?) async throws {
    let number = try signal.flatMap { $0.isEmpty ? nil : try Self.signal($0) } ?? .kill
    let container = try containers.find(name)
    let exit = container.wait(.nextExit)
    try await send(container) { .kill(signal: number.rawValue, $0) }
    if number == .kill { try await Self.expect(exit, of: container) }
  }

  /// Whoever has killed a container may start it again, or take its name: so it has ended when the answer comes.
  private static func expect(_ exit: ContainerWait, of container: Container) async throws {
    let patience = Duration.seconds(12)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        _ = try await exit.value
        return true
      }
      group.addTask {
        try await Task.sleep(for: patience)
        return false
      }
      let hasEnded = try await group.next() == true
      group.cancelAll()
      guard hasEnded else {
        throw ClassifiedError(
          .system, "the kernel has not ended the container's processes within \(patience) of SIGKILL",
          object: "container \(container.id)", advice: "they may wait for a device or a network file system")
      }
    }
  }

  private static func signal(_ text: String) throws(ClassifiedError) -> Signal {
    guard let signal = Signal(text) else { throw ClassifiedError(.invalid, "Invalid signal: \(text)") }
    return signal
  }

  public func removeContainer(_ name: String, force: Bool, volumes: Bool, link: Bool) async throws {
    let container = try containers.find(name)
    // `volumes` asks for anonymous volumes too: there are none to keep.
    try refuse("removing a link", if: link)
    try await send(container) { .remove(force: force, $0) }
  }

  public func renameContainer(_ name: String, to newName: String) async throws {
    let container = try containers.find(name)
    guard !newName.isEmpty else { throw ClassifiedError(.invalid, "Neither old nor new names may be empty") }
    let checked = try ContainerName.parse(newName)
    try await send(container) { .rename(to: checked, $0) }
  }

  public func resizeContainer(_ name: String, rows: Int, columns: Int) async throws {
    try await resize(containers.find(name), exec: nil, rows: rows, columns: columns)
  }

  func resize(_ container: Container, exec: String?, rows: Int, columns: Int) async throws {
    guard let rows = UInt16(exactly: rows), let columns = UInt16(exactly: columns) else {
      throw ClassifiedError(.invalid, "invalid terminal size \(rows)x\(columns)")
    }
    try await send(container) { .resize(exec: exec, rows: rows, columns: columns, $0) }
  }

  public func waitContainer(_ name: String, condition: WaitCondition) async throws -> ContainerWait {
    try containers.find(name).wait(condition)
  }

  public func containerHasTerminal(_ name: String) async throws -> Bool {
    try containers.find(name).hasTerminal
  }

  public func attachContainer(_ name: String, options: AttachOptions) async throws -> any StdioSession {
    let container = try containers.find(name)
    let logs = options.logs ? try replay(container, options) : nil
    let session = AttachSession(options, isTerminal: container.hasTerminal, earlier: logs)
    if options.stream {
      try await send(container) { .attach(session, $0) }
    } else {
      session.endAfterReplay()
    }
    // Read now, when the live output is connected: what is written meanwhile comes twice rather than not at all.
    logs?.start(in: background)
    return session
  }

  private func replay(_ container: Container, _ attach: AttachOptions) throws -> LogReplay {
    try requireReadableLog(container)
    var wanted = LogOptions()
    (wanted.stdout, wanted.stderr) = (attach.stdout, attach.stderr)
    return LogReplay(ContainerLogReader(path: layout.log(of: container.id), options: wanted, threads: threads))
  }

  private func requireReadableLog(_ container: Container) throws {
    guard try settledPlan(of: container).logging.driver == .jsonFile else {
      throw ClassifiedError(.unsupported, "configured logging driver does not support reading")
    }
  }

  public func containerLogs(
    _ name: String, options: LogOptions, emit: @Sendable @escaping (StdioChunk) async throws -> Void
  ) async throws {
    let container = try containers.find(name)
    try requireReadableLog(container)
    try require(options.stdout || options.stderr, "Bad parameters: you must choose at least one stream")
    let reader = ContainerLogReader(path: layout.log(of: container.id), options: options, threads: threads)
    guard options.follow, container.state.isRunning else { return try await reader.stream(emit: emit) }
    try await reader.follow(logWatcher, until: container.wait(.notRunning), emit: emit)
  }

  public func containerTop(_ name: String, arguments: String) async throws -> ContainerTopResponse {
    let container = try containers.find(name)
    guard container.state.isRunning else { throw ClassifiedError.notRunning(container.id) }
    let tableLayout = try ProcessTable.Layout(arguments: arguments)
    let (cgroups, path) = (cgroups, cgroupPath(of: container))
    return try await threads.runIfActive {
      try ProcessTable.read(try cgroups.processes(in: path), layout: tableLayout)
    }
  }

  public func checkEventFilters(_ filters: Filters) throws {
    _ = try EventFilter(filters)
  }

  public func streamEvents(
    since: Int64?, until: Int64?, filters: Filters, emit: @Sendable @escaping (EventMessage) async throws -> Void
  ) async throws {
    try await events.stream(since: since, until: until, filter: EventFilter(filters), emit: emit)
  }

  /// Sends a command and waits for its reply.
  func send(
    _ container: Container, _ command: (ContainerCommand.Reply) -> ContainerCommand
  ) async throws {
    let reply = ContainerCommand.Reply()
    guard container.send(command(reply)) else { throw ClassifiedError.noSuchContainer(container.id.text) }
    try await reply.value
  }
}

extension EventHistory {
  /// Publishes what a container's state machine announces.
  func publish(_ event: ContainerState.Event, _ container: Container) {
    switch event {
    case .start: publish("start", container)
    case .kill(let signal): publish("kill", container, ["signal": "\(signal)"])
    case .outOfMemory: publish("oom", container)
    case .die(let code, let seconds):
      publish("die", container, ["exitCode": "\(code)", "execDuration": "\(seconds)"])
    case .stop: publish("stop", container)
    case .destroy: publish("destroy", container)
    }
  }
}
