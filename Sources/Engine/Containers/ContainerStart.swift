import ContainerNetwork
import Diagnostics
import EngineAPI
import LinuxKernel
import NIOCore
import NIOPosix
import OCIRuntimeSpec
import ShimProtocol

/// The recipe of a start. Each step is traced; what fails is undone by `converge`, which the loop calls.
struct ContainerStart {
  private let container: Container
  private let engine: Engine
  private let token: ContainerCommand.RunToken
  private(set) var trace = StepTrace()

  /// A container that runs.
  struct Started {
    let connection: ShimConnection
    let pid: Int32
    let time: Timestamp
  }

  init(_ container: Container, _ engine: Engine, token: ContainerCommand.RunToken) {
    self.container = container
    self.engine = engine
    self.token = token
  }

  /// Starts the container and connects the clients that wait for its streams, before its program executes: so none
  /// of its output is lost.
  ///
  /// Throws: `ShimFailure` with the runtime's sentence, or what else went wrong.
  mutating func run(attaching sessions: [AttachSession]) async throws -> Started {
    trace.begin("bundle")
    try FailPoint.startBeforeBundle.pass()
    let prepared = try await prepare()

    trace.begin("shim")
    let connection = try await prepared.connecting.get()
    do {
      try FailPoint.startAfterShim.pass()
      trace.begin("create")
      let created = try await connection.launch(prepared.launch)
      trace.adopt(created.steps)
      try FailPoint.startAfterCreated.pass()
      if let bandwidth = prepared.hostBandwidth {
        trace.begin("limit")
        try await engine.limitSockets(of: container, to: bandwidth)
      }

      trace.begin("attach")
      for session in sessions {
        try await session.connect(to: prepared.launch.socket, on: engine.configuration.eventLoops)
      }

      trace.begin("start")
      let time = Timestamp.now
      try await connection.start()
      trace.end()
      engine.prepareNextShim()
      try FailPoint.startBeforeRecord.pass()
      return Started(connection: connection, pid: created.pid, time: time)
    } catch {
      connection.close()
      throw error
    }
  }

  /// What the blocking half of the start leaves: a bundle on disk, and a shim that waits for `launch`.
  private struct Prepared: Sendable {
    let launch: ShimLaunch
    /// The limit of a container in the machine's network, which is set once it has a cgroup.
    let hostBandwidth: NetworkBandwidth?
    let connecting: EventLoopFuture<ShimConnection>
  }

  private func prepare() async throws -> Prepared {
    let (container, engine, token) = (container, engine, token)
    return try await engine.threads.runIfActive {
      let plan = try engine.plan(container.configuration, id: container.id)
      let links = try engine.linkedContainers(of: container, plan.network)
      // First, since it takes as long to come up as the bundle does to be written. Without a `launch` it ends as soon as
      // this end of its connection closes.
      let wanted = ShimSpawn.Wants(sandbox: plan.network.isSandboxed, names: plan.network.hasNamedNetworks)
      let shim = try engine.shims.start(for: container.id, wanted)
      for process in engine.shims.takeDropped() + [shim.process] { engine.reaper.watch(process) }
      let network = try Self.join(container, plan, shim.sandbox, of: shim.process, engine)
      var findings = try StartFindings.gather(for: container, plan, engine.layout)
      findings.linkVariables = links.flatMap { $0.variables(for: container.name) }
      let bundle = BundleWriter(container, plan, engine.layout)
      try bundle.write(findings, namespace: network.path)
      try bundle.writeFiles(try network.joining?.wait(), links)
      try FailPoint.startAfterBundle.pass()
      let connecting = ShimConnection.adopt(shim.control, on: engine.configuration.eventLoops) { end in
        _ = container.send(.ended(run: token, end))
      }
      return Prepared(
        launch: Self.launch(of: container, plan, engine),
        hostBandwidth: plan.network.mode == .host ? plan.network.bandwidth : nil, connecting: connecting)
    }
  }

  /// The container's way into its network: which namespace it is in, and what is being made in there.
  private struct Network {
    /// Nil: a new one of the runtime's making, or the host's.
    var path: String?
    var joining: EventLoopFuture<Networks.Joining>?
  }

  private static func join(
    _ container: Container, _ plan: ContainerPlan, _ sandbox: NetworkSandbox?, of shim: Int32, _ engine: Engine
  ) throws -> Network {
    switch plan.network.mode {
    case .host: return Network()
    case .container(let name): return Network(path: try engine.networkNamespace(of: name, for: container))
    case .none, .networks:
      guard let sandbox else { return Network() }
      let path = "/proc/\(shim)/fd/\(NetworkSandbox.shimDescriptor)"
      guard plan.network.mode == .networks else { return Network(path: path) }
      let (networks, called, network) = (engine.networks, plan.called(container), engine.settlingLinks(plan.network))
      let joining = networks.beginChange(on: engine.configuration.eventLoops.next()) {
        try networks.join(called, network, sandbox, sandboxKey: path)
      }
      return Network(path: path, joining: joining)
    }
  }

  private static func launch(of container: Container, _ plan: ContainerPlan, _ engine: Engine) -> ShimLaunch {
    let layout = engine.layout
    let id = container.id
    let directory = layout.directory(of: id)
    var launch = ShimLaunch(
      id: id.text, bundle: layout.bundle(of: id), runtimeRoot: layout.runtimeRoot,
      rootfs: ShimRootfs(
        mountPoint: "\(layout.bundle(of: id))/rootfs", layers: layout.layers, lower: container.configuration.layers,
        upper: "\(directory)/upper", work: "\(directory)/work"),
      exitRecord: layout.exitRecord(of: id), socket: layout.socket(of: id))
    launch.stdio.terminal = plan.process.hasTerminal
    launch.stdio.openStdin = plan.process.opensStdin
    launch.stdio.stdinOnce = plan.process.stdinOnce
    launch.stdio.rows = UInt16(clamping: plan.process.consoleSize?.height ?? 0)
    launch.stdio.columns = UInt16(clamping: plan.process.consoleSize?.width ?? 0)
    if plan.logging.driver == .jsonFile {
      launch.log = ShimLog(
        path: layout.log(of: id), maxBytes: plan.logging.maxBytes, maxFiles: plan.logging.maxFiles)
    }
    launch.keepsSandbox = plan.network.isSandboxed
    launch.oomCounter = engine.cgroups.oomCounter(of: plan.cgroupPath(of: id))
    return launch
  }
}
