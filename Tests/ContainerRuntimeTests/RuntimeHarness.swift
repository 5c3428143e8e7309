import Glibc
import LinuxKernel
import OCIRuntimeSpec
import TestSupport
import Testing

/// What containers are run with in a test.
enum RuntimeHost {
  static let busybox = "/bin/busybox"

  /// The built program: in $APUS_BIN, or beside the tests.
  static let runtime: String? = {
    if let directory = InheritedEnvironment.value("APUS_BIN") { return "\(directory)/apus-runtime" }
    guard let tests = try? HostFiles.readLink("/proc/self/exe"), let beside = tests.splitLast?.directory else {
      return nil
    }
    return ["\(beside)/apus-runtime", ".build/debug/apus-runtime"].first { HostFiles.isExecutable($0) }
  }()
}

extension Need {
  static let containers = Need([
    .root, .program(RuntimeHost.busybox, package: "busybox-static"),
    Need("needs apus-runtime in $APUS_BIN or .build/debug: build the programs first") {
      RuntimeHost.runtime.map { HostFiles.isExecutable($0) } ?? false
    },
  ])
}

/// What a command of the runtime said and how it ended.
struct CommandResult: CustomStringConvertible {
  let code: Int32
  let output: String
  let errors: String

  /// The lines of the output.
  var lines: [String] { output.split(separator: "\n").map(String.init) }
  var description: String { "exit code \(code)\n\(output)\(errors)" }
}

/// A bundle with busybox in a directory of its own, and the runtime to run it with. Everything is removed at the end.
final class TestBundle {
  let id: String
  let path: String
  var spec: Spec
  private var commands = ["--root"]

  /// A container that runs `script`, with what containers usually have.
  init(_ script: String = "true") throws {
    id = "test-\(try randomHexadecimal(bytes: 6))"
    path = "/tmp/apus-\(id)"
    commands.append("\(path)/state")
    spec = Spec.example
    spec.root = Root(path: "rootfs")
    spec.process?.args = ["/bin/sh", "-c", script]
    spec.process?.terminal = false
    spec.linux?.cgroupsPath = "/apus-\(id)/c"
    for directory in ["bin", "proc", "sys", "dev", "etc", "tmp", "root"] {
      try HostFiles.makeDirectories("\(path)/rootfs/\(directory)")
    }
    let program = try HostFiles.open("\(rootfs)/bin/busybox", [.writeOnly, .create], permissions: 0o755)
    try HostFiles.open(RuntimeHost.busybox, .readOnly).copyAll(to: program)
    try program.setPermissions(0o755)
    let applets = [
      "sh", "cat", "id", "ls", "echo", "sleep", "mount", "hostname", "env", "pwd", "stat", "grep", "touch", "mkdir",
      "unshare", "true", "false", "chroot", "readlink", "dd", "tty", "stty", "mknod", "ps", "nc", "kill", "head", "wc",
    ]
    for applet in applets { try HostFiles.makeSymbolicLink("\(rootfs)/bin/\(applet)", to: "busybox") }
  }

  deinit {
    _ = try? run("delete", "--force", id)
    try? HostFiles.removeTree(path)
    for hierarchy in (try? HostFiles.list("/sys/fs/cgroup")) ?? [] {
      try? HostFiles.removeDirectory("/sys/fs/cgroup/\(hierarchy)/apus-\(id)")
    }
    try? HostFiles.removeDirectory("/sys/fs/cgroup/apus-\(id)")
  }

  var rootfs: String { "\(path)/rootfs" }

  func write(_ text: String, to file: String, permissions: UInt32 = 0o644) throws {
    try HostFiles.replace("\(path)/\(file)", with: Array(text.utf8), permissions: permissions)
  }

  /// Writes the configuration and makes the container without starting it.
  func create(_ options: String...) throws -> CommandResult {
    try write(String(decoding: spec.json(), as: UTF8.self), to: "config.json")
    return try run(["create", "--bundle", path] + options + [id])
  }

  /// Writes the configuration and runs the container to its end.
  func runContainer(_ options: String...) throws -> CommandResult {
    try write(String(decoding: spec.json(), as: UTF8.self), to: "config.json")
    return try run(["run", "--bundle", path] + options + [id])
  }

  /// A program of the host, outside of the root, that could run inside, by the way up from `place` in the container.
  func outsideProgram(from place: String) throws -> String {
    let directory = "\(path)/outside"
    try HostFiles.makeDirectories(directory)
    try HostFiles.open(RuntimeHost.busybox, .readOnly).copyAll(
      to: try HostFiles.open("\(directory)/busybox", [.writeOnly, .create], permissions: 0o755))
    try HostFiles.setPermissions("\(directory)/busybox", 0o755)
    return place + String(repeating: "/..", count: 8) + "\(directory)/busybox"
  }

  /// One command of the runtime.
  @discardableResult
  func run(_ arguments: String...) throws -> CommandResult { try run(arguments) }

  /// One command, which inherits `directory`, if there is one, as its descriptor 3. With `errorFile` standard error,
  /// which a container made by it keeps, goes there instead of into the result.
  @discardableResult
  func run(_ arguments: [String], passing directory: String? = nil, errorFile: String? = nil) throws -> CommandResult {
    let runtime = try #require(RuntimeHost.runtime)
    let input = try HostFiles.open("/dev/null", .readOnly)
    // Not pipes: a container that outlives the command would hold them open.
    let output = try MemFD.create("output")
    let errors = try errorFile.map { try HostFiles.open($0, [.readWrite, .create]) } ?? MemFD.create("errors")
    var program = Spawn(
      program: runtime, arguments: ["apus-runtime"] + commands + arguments, environment: ["PATH=/bin:/usr/bin"])
    program.pass(input, as: 0)
    program.pass(output, as: 1)
    program.pass(errors, as: 2)
    let passed = try HostFiles.open(directory ?? "/", [.pathOnly, .directory])
    if directory != nil { program.pass(passed, as: 3) }
    let status = try Children.wait(for: try program.start())
    try output.seek(to: 0)
    try errors.seek(to: 0)
    return CommandResult(
      code: status.shellCode, output: String(decoding: try output.readAll(), as: UTF8.self),
      errors: String(decoding: try errors.readAll(), as: UTF8.self))
  }

  func report() throws -> (status: String, pid: Int32) {
    let result = try run("state", id)
    let state = try State(json: Array(result.output.utf8))
    return (state.status.rawValue, Int32(state.pid ?? 0))
  }

  /// Waits until the container has the status, ten seconds at most.
  func wait(for status: String) throws {
    for _ in 0..<1000 {
      if try report().status == status { return }
      usleep(10_000)
    }
    Issue.record("the container is \(try report().status), not \(status)")
  }

  /// The directories of the container's cgroup that exist.
  func cgroupDirectories() throws -> [String] {
    let places = ["", "unified/"] + (try HostFiles.list("/sys/fs/cgroup").map { "\($0)/" })
    return try places.map { "/sys/fs/cgroup/\($0)apus-\(id)/c" }.filter { try HostFiles.exists($0) }
  }
}
