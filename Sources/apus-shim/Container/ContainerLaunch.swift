import Diagnostics
import LinuxKernel
import ShimProtocol

/// What parts of the shim have in common: the loop, and what hangs on it.
struct ShimContext {
  let loop: EventLoop
  let buffer: ReadBuffer
  let children: ChildProcesses
}

/// From `launch` to a container whose init waits to be started: a recipe of named steps.
final class ContainerLaunch {
  typealias Completion = (Result<Container, ShimFailure>) -> Void

  private let launch: ShimLaunch
  private let runtime: Runtime
  private let context: ShimContext
  private(set) var trace = StepTrace()

  init(_ launch: ShimLaunch, runtime: Runtime, context: ShimContext) {
    self.launch = launch
    self.runtime = runtime
    self.context = context
  }

  /// Runs the recipe; `completion` is called once, perhaps at once.
  func run(completion: @escaping Completion) {
    do {
      trace.begin("isolate mounts")
      try isolateMounts()
      trace.begin("mount rootfs")
      try mountRootfs()
      trace.begin("open log")
      let log = try launch.log.map { log throws(SystemError) in try LogWriter(log) }
      trace.begin("runtime create")
      try create { self.created($0, log, completion) }
    } catch {
      completion(.failure(ShimFailure(error, step: trace.current ?? "launch")))
    }
  }

  /// What is mounted here is seen by the shim and its children only, and goes with them; what the host mounts later
  /// still arrives, as containers with shared volumes need.
  private func isolateMounts() throws(SystemError) {
    try Namespace.unshare(.mount)
    try Mounts.setPropagation("/", [.slave, .recursive])
  }

  private func mountRootfs() throws(SystemError) {
    let rootfs = launch.rootfs
    guard !rootfs.lower.isEmpty else {
      // An image without layers: overlayfs demands one, and there is nothing to stack.
      return try Mounts.bind(rootfs.upper, at: rootfs.mountPoint)
    }
    try OverlayMount(
      layersDirectory: rootfs.layers, lowers: rootfs.lower, upper: rootfs.upper, work: rootfs.work
    ).mount(at: rootfs.mountPoint)
  }

  private func create(completion: @escaping ProcessStart.Completion) throws(SystemError) {
    let pidFile = "\(launch.bundle)/init.pid"
    let request = ProcessStart.Request(
      step: "runtime create", command: ["create", "--bundle", launch.bundle, "--pid-file", pidFile],
      container: launch.id, pidFile: pidFile, terminal: launch.stdio.terminal, pipeInput: launch.stdio.openStdin,
      pipeOutput: true, size: WindowSize(rows: launch.stdio.rows, columns: launch.stdio.columns, ifSet: ()))
    try ProcessStart.begin(
      request, runtime: runtime, children: context.children, consolePath: launch.consolePath(0),
      completion: completion)
  }

  private func created(
    _ result: Result<ProcessStart.Started, ShimFailure>, _ log: LogWriter?, _ completion: Completion
  ) {
    completion(
      result.flatMap { started in
        do {
          let relay = try StdioRelay(started.streams, loop: context.loop, buffer: context.buffer, log: log)
          trace.end()
          return .success(Container(launch, started, relay: relay, runtime: runtime, context: context))
        } catch {
          return .failure(ShimFailure(error, step: "relay streams"))
        }
      })
  }
}

extension ShimLaunch {
  /// Where the runtime hands over a terminal: beside the control socket, and as short as it, since a socket's address
  /// is. Each start under way at the same time needs a number of its own.
  func consolePath(_ number: Int) -> String {
    let base = socket.hasSuffix(".sock") ? String(socket.dropLast(".sock".count)) : socket
    return "\(base).t\(number % 1000)"
  }
}
