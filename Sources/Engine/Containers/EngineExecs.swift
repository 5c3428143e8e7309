public import EngineAPI

import Diagnostics
import NIOPosix
import OCIRuntimeSpec
import ShimProtocol
import Synchronization

/// All execs by id.
final class ExecTable: Sendable {
  private let execs = Mutex<[String: ExecSession]>([:])
  /// How many execs that do not run are remembered: ended ones, for clients that ask for the exit code afterwards, and
  /// those that wait to be started.
  private static let memory = 512

  /// Throws: `unavailable` when too many wait to be started.
  func add(_ exec: ExecSession) throws(ClassifiedError) {
    try execs.withLock { execs throws(ClassifiedError) in
      if execs.count >= Self.memory {
        execs = execs.filter { if case .ended = $0.value.state { false } else { true } }
      }
      guard execs.count < Self.memory || execs.count(where: { $0.value.isWaiting }) < Self.memory else {
        throw ClassifiedError(
          .unavailable, "\(Self.memory) execs have been made and not started",
          advice: "start them, or end their containers")
      }
      execs[exec.id] = exec
    }
  }

  /// Throws: `notFound`.
  func find(_ id: String) throws(ClassifiedError) -> ExecSession {
    guard let exec = execs.withLock({ $0[id] }) else {
      throw ClassifiedError(.notFound, "No such exec instance: \(id)")
    }
    return exec
  }

  func remove(of container: Container) {
    execs.withLock { execs in execs = execs.filter { $0.value.container !== container } }
  }
}

/// What clients do with execs.
extension Engine {
  public func createExec(container name: String, request: ExecCreateRequest) async throws -> ExecCreateResponse {
    let container = try containers.find(name)
    guard container.state.isRunning else { throw ClassifiedError.notRunning(container.id) }
    // Checked here, so that a malformed request fails before anything is made.
    _ = try ExecPlan.plan(request, in: execPlan(of: container))
    let exec = ExecSession(container: container, request: request)
    try execs.add(exec)
    container.add(exec)
    events.publish("exec_create: \((request.cmd ?? []).joined(separator: " "))", container, ["execID": exec.id])
    return ExecCreateResponse(id: exec.id)
  }

  public func startExec(_ id: String, request: ExecStartRequest) async throws -> (any StdioSession)? {
    let exec = try execs.find(id)
    let container = exec.container
    guard container.state.isRunning else { throw ClassifiedError.notRunning(container.id) }
    try exec.beginStart()
    guard request.detach else { return ExecStdio(exec) { [self] in try await launch(exec, request) } }
    try await launch(exec, request).drain()
    return nil
  }

  /// Starts the exec through the container's shim, and watches for its end.
  private func launch(_ exec: ExecSession, _ request: ExecStartRequest) async throws -> ShimStream {
    let container = exec.container
    var opened: ShimStream?
    do {
      try FailPoint.execBeforeStart.pass()
      let message = try await shimExec(exec, request)
      let (stream, answer) = try await ShimStream.open(
        layout.socket(of: container.id), as: .exec(message), on: configuration.eventLoops)
      guard case .execStarted(let pid) = answer else {
        throw ClassifiedError(.system, "the shim did not start the exec")
      }
      opened = stream
      exec.note(.running(pid: pid))
      try FailPoint.execAfterStart.pass()
      events.publish(
        "exec_start: \((exec.request.cmd ?? []).joined(separator: " "))", container, ["execID": exec.id])
      background.start { [self] in await awaitEnd(of: exec, stream) }
      return stream
    } catch {
      // A process that has begun runs on; nobody will read what it writes.
      opened?.drain()
      throw failedExec(exec, error)
    }
  }

  /// The exec keeps the exit code that clients turn into their own.
  private func failedExec(_ exec: ExecSession, _ error: any Error) -> any Error {
    let command = exec.request.cmd?.first ?? ""
    guard let failure = error as? ShimFailure else {
      exec.note(.ended(code: 126))
      return error
    }
    let sentence = "OCI runtime exec failed: exec failed: \(failure.message): unknown"
    let code = StartFailureReport.code(for: sentence, command: command)
    exec.note(.ended(code: code == 128 ? 126 : code))
    return ClassifiedError(code == 128 ? failure.kind : .invalid, sentence)
  }

  private func shimExec(_ exec: ExecSession, _ request: ExecStartRequest) async throws -> ShimExec {
    let container = exec.container
    return try await threads.runIfActive { [self] in
      let containerPlan = try execPlan(of: container)
      let plan = try ExecPlan.plan(exec.request, in: containerPlan)
      let files = LayeredFiles(
        upper: "\(layout.directory(of: container.id))/upper", layers: layout.layers,
        lower: container.configuration.layers)
      let user = try files.accounts().find(
        plan.process.user, additionalGroups: plan.process.additionalGroups)
      // As they are now; one that has gone meanwhile has none.
      let links = (try? linkedContainers(of: container, containerPlan.network)) ?? []
      let process = plan.spec(
        user, containerPlan.security, knownCapabilities: surroundings.knownCapabilities,
        linkVariables: links.flatMap { $0.variables(for: container.name) })
      var message = ShimExec(id: exec.id, process: process.json())
      message.terminal = exec.request.tty
      message.attachStdin = exec.request.attachStdin && !request.detach
      message.attachStdout = exec.request.attachStdout && !request.detach
      message.attachStderr = exec.request.attachStderr && !request.detach
      let size = ExecPlan.size(request.consoleSize) ?? plan.process.consoleSize
      message.rows = UInt16(clamping: size?.height ?? 0)
      message.columns = UInt16(clamping: size?.width ?? 0)
      return message
    }
  }

  private func awaitEnd(of exec: ExecSession, _ stream: ShimStream) async {
    do {
      let record = try await stream.exit.value
      exec.note(.ended(code: Int(record.code)))
      events.publish("exec_die", exec.container, ["execID": exec.id, "exitCode": "\(record.code)"])
    } catch {
      // The shim went without a word, and the exec with it.
      exec.note(.ended(code: 137))
    }
  }

  public func resizeExec(_ id: String, rows: Int, columns: Int) async throws {
    let exec = try execs.find(id)
    guard exec.isRunning else { throw ClassifiedError(.conflict, "exec \(id) is not running") }
    try await resize(exec.container, exec: exec.id, rows: rows, columns: columns)
  }

  public func inspectExec(_ id: String) async throws -> ExecInspect {
    try execs.find(id).inspection
  }
}
