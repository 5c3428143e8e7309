import Diagnostics
import LinuxKernel
import ShimProtocol

/// The shim of one container, from `launch` to the end: takes connections, gives each its role, and ends when the
/// container has ended and everybody who was there knows.
final class Shim {
  /// How long an exited shim waits for a connected server to say that it has recorded the exit.
  private static let acknowledgeTimeout: UInt64 = 2_000_000_000

  private var id: String
  private let context: ShimContext
  private let runtimeProgram: SharedDescriptor
  /// The container's network namespace and two sockets in it, which live as long as this shim.
  private var sandbox: [SharedDescriptor]
  private var runtime: Runtime?
  private var container: Container?
  private var socket: ControlSocket?

  private var controls: [ControlConnection] = []
  private var attaches: [AttachConnection] = []
  private var execs: [ExecSession] = []
  private var consoleCount = 0
  private var isAcknowledged = false

  /// What holds for the whole process, before anything else: signals, session, orphans, descriptors.
  static func prepareProcess() throws(SystemError) {
    // A reader that went away is an error of a write; a terminal that went away, or a polite request to end, is nothing
    // to a shim: it ends after its container.
    for signal in [Signal.pipe, .hangup, .terminate, .interrupt] { signal.ignore() }
    try SignalSet([.child]).block()
    // EPERM: it leads a session already, since the server starts it so.
    do { try ProcessControl.newSession() } catch  where error.kind == .forbidden {}
    try ProcessControl.setChildSubreaper()
    try ProcessControl.closeDescriptorsOnExec(from: 3)
  }

  /// `control` is the server's connection, on which `launch` comes first; `id` may be `ShimLaunch.anyContainer`.
  init(
    id: String, control: consuming Descriptor, runtime: consuming Descriptor, sandbox: [SharedDescriptor]
  ) throws(SystemError) {
    self.id = id
    self.sandbox = sandbox
    let loop = try EventLoop()
    context = ShimContext(loop: loop, buffer: ReadBuffer(), children: try ChildProcesses(loop: loop))
    runtimeProgram = SharedDescriptor(runtime)
    try accept(SharedDescriptor(control), as: .launching)
  }

  func run() throws(SystemError) {
    try context.loop.run()
  }

  private func accept(_ socket: SharedDescriptor, as role: ConnectionOrder.Role) throws(SystemError) {
    // The loop holds the connection until it is closed.
    _ = try Connection(socket, as: role, loop: context.loop, buffer: context.buffer, role: self)
  }

  // MARK: Launch

  private func launch(_ launch: ShimLaunch, on connection: Connection) {
    // What comes next on this connection is for the container that is being made.
    connection.pauseInput()
    if id == ShimLaunch.anyContainer {
      id = launch.id
      ProcessTitle.replaceArgument(1, with: id)
    }
    guard launch.id == id else {
      let message = "launch is for container \(launch.id), the shim for \(id)"
      return fail(ShimFailure(kind: .invalid, message: message, step: "launch"), on: connection)
    }
    if !launch.keepsSandbox { sandbox = [] }
    do {
      // Early, so that a server which comes back finds the container at any time; connections wait until it is made.
      socket = try ControlSocket(at: launch.socket, loop: context.loop) { [unowned self] socket in
        do throws(SystemError) { try accept(socket, as: .unnamed) } catch {
          complain("connection: \(error.explanation)")
        }
      }
    } catch {
      return fail(ShimFailure(error, step: "open control socket"), on: connection)
    }
    let runtime = Runtime(program: runtimeProgram, launch: launch, children: context.children)
    self.runtime = runtime
    let recipe = ContainerLaunch(launch, runtime: runtime, context: context)
    recipe.run { result in
      switch result {
      case .success(let container): self.created(container, recipe.trace, on: connection)
      case .failure(let failure): self.fail(failure, on: connection)
      }
    }
  }

  private func created(_ container: Container, _ trace: StepTrace, on connection: Connection) {
    self.container = container
    container.onInitEnd = { [unowned self] in for exec in execs { exec.kill() } }
    container.onExit = { [unowned self] in exited($0) }
    controls.append(ControlConnection(connection, shim: self))
    connection.send(.created(pid: container.pid, steps: trace.steps))
    container.watchInit()
    connection.resumeInput()
    socket?.open()
  }

  private func fail(_ failure: ShimFailure, on connection: Connection) {
    connection.role = nil
    connection.send(.failed(failure))
    connection.closeWhenSent()
    context.loop.end()
  }

  // MARK: End

  private func exited(_ record: ExitRecord) {
    for attach in attaches { attach.outputEnded() }
    for control in controls { control.send(.exited(record)) }
    unmountRootfs()
    context.loop.after(nanoseconds: Self.acknowledgeTimeout) { self.acknowledge() }
    endIfDone()
  }

  /// Before the server removes the layers below it.
  private func unmountRootfs() {
    guard let launch = container?.launch else { return }
    do {
      try Mounts.unmount(launch.rootfs.mountPoint, .detach)
    } catch {
      // It goes with the shim's mount namespace.
      complain("rootfs: \(error.explanation)")
    }
  }

  /// The server need not know any more when none is there; clients that still read are waited for.
  private func endIfDone() {
    guard container?.exit != nil, isAcknowledged || controls.isEmpty else { return }
    if attaches.isEmpty && execs.isEmpty { context.loop.end() }
  }
}

extension Shim: ConnectionRole {
  /// The first request of a connection, which gives it its role.
  func received(_ request: ShimRequest, on connection: Connection) {
    if case .launch(let launch) = request { return self.launch(launch, on: connection) }
    // Connections of the socket are taken only when there is a container.
    guard let container, let runtime else { return connection.close() }
    switch request {
    case .control:
      controls.append(ControlConnection(connection, shim: self))
      connection.send(.status(container.status(execs: runningExecs)))
    case .attach(let attach):
      let attached = AttachConnection(connection, attach, stdio: container.launch.stdio, relay: container.relay) {
        [unowned self] closed in
        attaches.removeAll { $0 === closed }
        endIfDone()
      }
      attaches.append(attached)
      if container.exit != nil { attached.outputEnded() }
    case .exec(let exec):
      beginExec(exec, in: container, runtime, on: connection)
    default: break  // `ConnectionOrder` lets nothing else come first.
    }
  }

  func sent(on connection: Connection) {}

  /// A connection that closed before it said what it was.
  func closed(_ connection: Connection) {
    // Without a container there is nothing to stay for.
    if container == nil && runtime == nil { context.loop.end() }
  }

  private func beginExec(_ exec: ShimExec, in container: Container, _ runtime: Runtime, on connection: Connection) {
    let isTaken = execs.contains { $0.exec.id == exec.id }
    guard container.isRunning, !isTaken else {
      connection.role = nil
      let message = isTaken ? "exec \(exec.id) runs already" : "container \(id) is not running"
      connection.send(.failed(ShimFailure(kind: .conflict, message: message, step: "exec")))
      return connection.closeWhenSent()
    }
    consoleCount += 1
    let session = ExecSession(
      connection, exec,
      ExecSession.Context(launch: container.launch, runtime: runtime, shim: context) { [unowned self] ended in
        execs.removeAll { $0 === ended }
        endIfDone()
      })
    execs.append(session)
    session.start(consolePath: container.launch.consolePath(consoleCount))
  }

  private var runningExecs: [ShimStatus.RunningExec] {
    execs.compactMap { session in
      session.pid.map { ShimStatus.RunningExec(id: session.exec.id, pid: $0) }
    }
  }
}

extension Shim: Controllable {
  func start(_ answer: @escaping (ShimEvent) -> Void) {
    container?.start(answer)
  }

  func signal(_ number: UInt8, wholeContainer: Bool, _ answer: @escaping (ShimEvent) -> Void) {
    container?.signal(number, wholeContainer: wholeContainer, answer)
  }

  func resize(exec id: String?, rows: UInt16, columns: UInt16) -> ShimEvent {
    guard let id else {
      return container?.resize(rows: rows, columns: columns) ?? .done
    }
    guard let terminal = execs.first(where: { $0.exec.id == id })?.terminal else {
      let message = "no running exec \(id) with a terminal"
      return .failed(ShimFailure(kind: .notFound, message: message, step: "resize"))
    }
    return terminal.resize(rows: rows, columns: columns)
  }

  func acknowledge() {
    isAcknowledged = true
    endIfDone()
  }

  func controlClosed(_ control: ControlConnection) {
    controls.removeAll { $0 === control }
    endIfDone()
  }
}
