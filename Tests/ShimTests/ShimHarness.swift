import Diagnostics
import Foundation
import LinuxKernel
import ShimProtocol
import Testing

/// A container of busybox under a real shim and a real runtime, in a directory of its own that goes with it.
///
/// The programs are looked for in `$APUS_BIN`, or in `.build/debug`; `$APUS_TEST_RUNTIME` names another OCI runtime.
final class ShimHarness {
  let launch: ShimLaunch
  let pid: Int32
  /// The server's connection, descriptor 3 of the shim; nil once the server is gone.
  private(set) var control: ShimClient?

  private let root: String
  private let runtime: String
  private var isReaped = false

  /// Makes the layer and the bundle, spawns the shim, and sends `launch`. `script` is run by `sh -c`.
  init(
    _ script: String, terminal: Bool = false, hostPIDs: Bool = false, memoryLimit: Int? = nil,
    configure: (inout ShimLaunch) -> Void = { _ in }
  ) throws {
    let id = try randomHexadecimal(bytes: 16)
    // Not in memory: the upper directory of an overlay needs a real file system.
    root = "/var/tmp/apus-shim-\(id.prefix(8))"
    runtime = try ProcessInfo.processInfo.environment["APUS_TEST_RUNTIME"] ?? Self.program("apus-runtime")
    try Self.makeLayer("\(root)/layers/base")
    for directory in ["upper", "work", "bundle/rootfs", "run"] {
      try HostFiles.makeDirectories("\(root)/\(directory)")
    }
    let bundle = Bundle(
      id: id, script: script, terminal: terminal, hostPIDs: hostPIDs, memoryLimit: memoryLimit)
    try HostFiles.replace("\(root)/bundle/config.json", with: bundle.configuration())

    var launch = ShimLaunch(
      id: id, bundle: "\(root)/bundle", runtimeRoot: "\(root)/run",
      rootfs: ShimRootfs(
        mountPoint: "\(root)/bundle/rootfs", layers: "\(root)/layers", lower: ["base"], upper: "\(root)/upper",
        work: "\(root)/work"),
      exitRecord: "\(root)/exit", socket: "\(root)/shim.sock")
    launch.stdio.terminal = terminal
    launch.log = ShimLog(path: "\(root)/log")
    configure(&launch)
    self.launch = launch

    let pair = try SocketPair()
    let ours = pair.first
    let theirs = pair.second
    let program = try MemFD.sealedCopy(of: HostFiles.open(runtime, .readOnly), name: "apus-runtime")
    pid = try Self.spawnShim(id, control: theirs, runtime: program)
    control = ShimClient(ours)
    try control?.send(.launch(launch))
  }

  deinit {
    // What a failed test leaves. Errors mean that there is nothing left.
    if !isReaped {
      try? Signal.kill.send(to: pid)
      _ = try? Children.wait(for: pid)
    }
    var delete = Spawn(
      program: runtime, arguments: [runtime, "--root", launch.runtimeRoot, "delete", "--force", launch.id],
      environment: [])
    for number: Int32 in [0, 1] { delete.inherit(number) }
    if let deleting = try? delete.start() { _ = try? Children.wait(for: deleting) }
    Bundle.removeCgroups()
    try? HostFiles.removeTree(root)
  }

  // MARK: What tests do

  /// Waits for `created` and starts init.
  func start() throws {
    try waitUntilCreated()
    try connected.send(.start)
    try #require(try connected.next() == .started)
  }

  func waitUntilCreated() throws {
    let event = try connected.next()
    guard case .created(let pid, let steps) = event else {
      throw UnexpectedEvent(event: event)
    }
    #expect(pid > 1)
    #expect(steps.map(\.name).contains("mount rootfs"))
  }

  var connected: ShimClient {
    get throws { try #require(control) }
  }

  /// A new connection to the control socket, which says first what it is.
  func connect(_ first: ShimRequest) throws -> ShimClient {
    let client = ShimClient(try UnixSocket.connect(to: launch.socket))
    try client.send(first)
    return client
  }

  func attach(stdin: Bool = false) throws -> ShimClient {
    let client = try connect(.attach(ShimAttach(stdin: stdin, stdout: true, stderr: true)))
    try #require(try client.next() == .done)
    return client
  }

  /// An exec with all its streams on the connection. `script` is run by `sh -c`.
  func exec(_ script: String, id: String = "e1", terminal: Bool = false) throws -> ShimClient {
    var exec = ShimExec(id: id, process: try Bundle.process(script, terminal: terminal))
    exec.terminal = terminal
    (exec.attachStdin, exec.attachStdout, exec.attachStderr) = (true, true, true)
    return try connect(.exec(exec))
  }

  /// The connection on descriptor 3 closes, as by the server's death.
  func loseServer() {
    control = nil
  }

  /// Waits for `exited`, compares it with the record on disk, acknowledges it, and waits for the shim's own end.
  @discardableResult
  func finish(on client: ShimClient? = nil) throws -> ExitRecord {
    let client = try #require(client ?? control)
    let record = try client.exit()
    try finish(with: record, on: client)
    return record
  }

  func finish(with record: ExitRecord, on client: ShimClient? = nil) throws {
    let client = try #require(client ?? control)
    let written = try HostFiles.readText(launch.exitRecord)
    #expect(try ExitRecord(parsing: written) == record)
    try client.send(.acknowledge)
    try waitForShim()
  }

  /// Waits for the failure of the launch and for the shim's end.
  func launchFailure() throws -> ShimFailure {
    let failure = try connected.failure()
    try waitForShim()
    return failure
  }

  func waitForShim() throws {
    isReaped = true
    #expect(try Children.wait(for: pid) == .exited(0))
  }

  /// The log's records, each as "stream text".
  func log(_ name: String = "log") throws -> [String] {
    try HostFiles.readText("\(root)/\(name)").split(separator: "\n").map { line in
      let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
      return try "\(#require(fields["stream"])) \(#require(fields["log"]))"
    }
  }

  func path(_ name: String) -> String { "\(root)/\(name)" }

  // MARK: Making it

  private static func makeLayer(_ layer: String) throws {
    for directory in ["bin", "proc", "dev", "tmp"] { try HostFiles.makeDirectories("\(layer)/\(directory)") }
    let busybox = try #require(
      Execute.search("busybox", searchPath: "/bin:/usr/bin"), "needs the package busybox-static")
    let copy = try HostFiles.open("\(layer)/bin/busybox", [.writeOnly, .create], permissions: 0o755)
    try HostFiles.open(busybox, .readOnly).copyAll(to: copy)
    for applet in ["sh", "cat", "sleep", "stty", "seq", "kill", "head"] {
      try HostFiles.makeSymbolicLink("\(layer)/bin/\(applet)", to: "busybox")
    }
  }

  private static func spawnShim(
    _ id: String, control: borrowing Descriptor, runtime: borrowing Descriptor
  ) throws -> Int32 {
    var spawn = Spawn(program: try program("apus-shim"), arguments: ["apus-shim", id], environment: [])
    spawn.newSession = true
    let null = try HostFiles.open("/dev/null", .readWrite)
    spawn.pass(null, as: 0)
    spawn.pass(null, as: 1)
    spawn.inherit(2)
    spawn.pass(control, as: 3)
    spawn.pass(runtime, as: 4)
    return try spawn.start()
  }

  private static func program(_ name: String) throws -> String {
    let directory = ProcessInfo.processInfo.environment["APUS_BIN"] ?? ".build/debug"
    let path = "\(directory)/\(name)"
    try #require(HostFiles.isExecutable(path), "needs \(path): build the programs first")
    return path
  }
}
