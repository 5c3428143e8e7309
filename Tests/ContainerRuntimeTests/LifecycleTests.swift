import LinuxKernel
import OCIRuntimeSpec
import TestSupport
import Testing

@Suite(.needs(.containers))
struct LifecycleTests {
  @Test func aContainerGoesThroughItsLifeAndLeavesNothing() throws {
    let bundle = try TestBundle("echo started; sleep 100")
    bundle.spec.annotations = ["org.example": "value"]
    let created = try bundle.create("--pid-file", "\(bundle.path)/pid")
    #expect(created.code == 0, "\(created)")
    #expect(try bundle.report().status == "created")
    #expect(try HostFiles.readText("\(bundle.path)/pid") == "\(try bundle.report().pid)")
    #expect(try bundle.run("state", bundle.id).output.contains("\"org.example\": \"value\""))

    #expect(try bundle.run("start", bundle.id).code == 0)
    #expect(try bundle.report().status == "running")
    #expect(try bundle.run("start", bundle.id).errors.contains("already been started"))
    #expect(try bundle.run("list").output.contains(bundle.id))
    #expect(try bundle.run("list", "-q").output == "\(bundle.id)\n")
    #expect(try bundle.run("delete", bundle.id).errors.contains("that is not stopped: running"))
    #expect(try bundle.create().errors.contains("container with given ID already exists"))
    #expect(!(try bundle.cgroupDirectories()).isEmpty)

    #expect(try bundle.run("kill", bundle.id, "KILL").code == 0)
    try bundle.wait(for: "stopped")
    #expect(try bundle.report().pid == 0)
    #expect(try bundle.run("kill", bundle.id).errors.contains("container not running"))
    #expect(try bundle.run("delete", bundle.id).code == 0)
    #expect(try bundle.run("state", bundle.id).errors.contains("does not exist"))
    #expect(try bundle.run("delete", "--force", bundle.id).code == 0)
    #expect(try bundle.cgroupDirectories().isEmpty)
    #expect(try HostFiles.list("\(bundle.path)/state").isEmpty)
  }

  @Test(arguments: [("exit 0", Int32(0)), ("exit 42", 42), ("kill -9 $$", 137), ("kill -TERM $$; exit 3", 3)])
  func runEndsWithTheProgramsStatus(_ script: String, _ code: Int32) throws {
    // As process 1 the shell is not killed by signals from inside, except by the kernel's own.
    let bundle = try TestBundle(script)
    bundle.spec.linux?.namespaces.removeAll { $0.type == .pid && script.contains("-9") }
    #expect(try bundle.runContainer().code == code)
    #expect(try bundle.cgroupDirectories().isEmpty)
  }

  /// Init waits at the fifo with the rights of the container's user.
  @Test func everyUserCanBeStarted() throws {
    let bundle = try TestBundle("id -u > /tmp/user; sleep 100")
    try HostFiles.setPermissions("\(bundle.rootfs)/tmp", 0o1777)
    bundle.spec.process?.user = User(uid: 1000, gid: 1000)
    bundle.spec.process?.capabilities = LinuxCapabilities()
    #expect(try bundle.create().code == 0)
    #expect(try bundle.run("start", bundle.id).code == 0)
    #expect(try bundle.report().status == "running")
  }

  @Test(arguments: [
    ("no-such-command", "exec: \"no-such-command\": executable file not found in $PATH"),
    ("/no/such/file", "stat /no/such/file: no such file or directory"),
    ("/etc/plain", "exec: \"/etc/plain\": permission denied"), ("/etc", "exec: \"/etc\": is a directory"),
    ("/no\nline", "stat /no line: no such file or directory"),
  ])
  func aProgramThatCannotRunFailsAtCreateInTheWordsOfRunc(_ command: String, _ words: String) throws {
    let bundle = try TestBundle()
    try bundle.write("x", to: "rootfs/etc/plain")
    bundle.spec.process?.args = [command]
    let result = try bundle.create()
    #expect(result.code == 1)
    #expect(result.errors.contains(words), "\(result)")
    #expect(result.errors.split(separator: "\n").count == 1)
    #expect(try bundle.run("list", "-q").output.isEmpty)
    #expect(try bundle.cgroupDirectories().isEmpty)
  }

  @Test func errorsAreLoggedAsJSON() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.args = ["nope"]
    _ = try bundle.create()
    try bundle.run("--log", "\(bundle.path)/log", "--log-format", "json", "create", "-b", bundle.path, bundle.id)
    let log = try HostFiles.readText("\(bundle.path)/log")
    #expect(
      log.hasPrefix(
        #"{"level":"error","msg":"unable to start container process: exec: \"nope\": executable file not found in $PATH","time":""#
      ))
  }

  @Test(arguments: ["../x", ".", "..", "", "a/b", "a b", String(repeating: "x", count: 300)])
  func idsThatAreNoFileNamesAreRefused(_ id: String) throws {
    let bundle = try TestBundle()
    try bundle.write(String(decoding: bundle.spec.json(), as: UTF8.self), to: "config.json")
    #expect(try bundle.run("create", "--bundle", bundle.path, id).errors.contains("invalid container id"))
  }

  @Test(arguments: [
    Refusal("'..' in a cgroup path") { $0.linux?.cgroupsPath = "/apus-tests/../x" },
    Refusal("hostname needs a uts namespace") {
      $0.hostname = "x"; $0.linux?.namespaces.removeAll { $0.type == .uts }
    },
    Refusal("unknown limit \"RLIMIT_X\"") { $0.process?.rlimits = [POSIXRlimit(type: "RLIMIT_X", soft: 1, hard: 1)] },
    Refusal("process.cwd \"x\" is not absolute") { $0.process?.cwd = "x" },
    Refusal("process.args is empty") { $0.process?.args = [] },
    Refusal("process is missing") { $0.process = nil },
    Refusal("is not in a separate kernel namespace") { $0.linux?.sysctl = ["kernel.hostname": "x"] },
    Refusal("is not in a separate kernel namespace") { $0.linux?.sysctl = ["vm.swappiness": "1"] },
    Refusal("is not in a separate kernel namespace") { $0.linux?.sysctl = ["net.//.kernel.msgmax": "1"] },
    Refusal("is not in a separate kernel namespace") { $0.linux?.sysctl = ["net.ipv4.//.//.kernel.msgmax": "1"] },
    Refusal("is not in a separate kernel namespace") { $0.linux?.sysctl = ["fs.mqueue./.x": "1"] },
    Refusal("is not in a separate kernel namespace") { $0.linux?.sysctl = ["net..ipv4.ip_forward": "1"] },
    Refusal("is not in a separate kernel namespace") { $0.linux?.sysctl = ["net.": "1"] },
    Refusal("names pid twice") { $0.linux?.namespaces.append(.init(type: .pid)) },
    Refusal("needs linux.uidMappings") { $0.linux?.namespaces.append(.init(type: .user)) },
    Refusal("needs a new time namespace") { $0.linux?.timeOffsets = ["monotonic": .init(secs: 1, nanosecs: 0)] },
    Refusal("SELinux is not supported") { $0.linux?.mountLabel = "x" },
    Refusal("does not exist") { $0.root?.path = "nope" },
    Refusal("\"odd\"") {
      $0.mounts.append(.init(destination: "/x", type: "bind", source: "/", options: ["bind", "odd"]))
    },
    Refusal("bind source path /nope") { $0.mounts.append(.init(destination: "/x", type: "bind", source: "/nope")) },
    Refusal("mount /x") { $0.mounts.append(.init(destination: "/x", type: "nope")) },
    Refusal("SCMP_ACT_NOTIFY is not supported") {
      $0.linux?.seccomp = .init(defaultAction: .allow, syscalls: [.init(names: ["read"], action: .notify)])
    },
    Refusal("without setting console socket") { $0.process?.terminal = true },
  ])
  func whatCannotBeAppliedIsRefusedAndLeavesNothing(_ refusal: Refusal) throws {
    let bundle = try TestBundle()
    refusal.change(&bundle.spec)
    let result = try bundle.create()
    #expect(result.code == 1)
    #expect(result.errors.contains(refusal.words), "\(result)")
    #expect(try bundle.run("list", "-q").output.isEmpty)
    #expect(try bundle.cgroupDirectories().isEmpty)
  }

  @Test func pausedContainersDoNothingUntilTheyAreResumed() throws {
    let bundle = try TestBundle("sleep 100")
    #expect(try bundle.runContainer("--detach").code == 0)
    #expect(try bundle.run("pause", bundle.id).code == 0)
    #expect(try bundle.report().status == "paused")
    #expect(try bundle.run("exec", bundle.id, "true").errors.contains("paused"))
    #expect(try bundle.run("resume", bundle.id).code == 0)
    #expect(try bundle.run("exec", bundle.id, "true").code == 0)
  }

  @Test func hooksRunAtTheirPointsAndGetTheState() throws {
    let bundle = try TestBundle("sleep 100")
    func hook(_ point: String) -> [Hook] {
      [
        Hook(
          path: "/bin/sh", args: ["sh", "-c", "(echo \(point); cat; echo) >> \(bundle.path)/hooks"], env: ["PATH=/bin"])
      ]
    }
    try HostFiles.makeDirectories("\(bundle.path)/rootfs\(bundle.path)")
    bundle.spec.mounts.append(
      SpecMount(destination: bundle.path, type: "bind", source: bundle.path, options: ["bind"]))
    bundle.spec.hooks = Hooks(
      prestart: hook("prestart"), createRuntime: hook("createRuntime"), createContainer: hook("createContainer"),
      startContainer: hook("startContainer"), poststart: hook("poststart"), poststop: hook("poststop"))
    let created = try bundle.create()
    #expect(created.code == 0, "\(created)")
    #expect(try bundle.run("start", bundle.id).code == 0)
    #expect(try bundle.run("delete", "--force", bundle.id).code == 0)
    let lines = try HostFiles.readText("\(bundle.path)/hooks").split(separator: "\n")
    #expect(
      lines.enumerated().filter { $0.offset % 2 == 0 }.map { String($0.element) }
        == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])
    let states = try lines.enumerated().filter { $0.offset % 2 == 1 }.map { try State(json: Array($0.element.utf8)) }
    #expect(states.map(\.status) == [.creating, .creating, .creating, .created, .running, .stopped])
    #expect(states.allSatisfy { $0.id == bundle.id && $0.bundle == bundle.path })
  }

  @Test(
    arguments: [
      (["sh", "-c", "echo reason >&2; exit 3"], nil, "reason"), (["sh", "-c", "exec sleep 50"], 1, "took longer"),
    ]
      as [([String], Int?, String)])
  func aHookThatFailsEndsTheCreation(_ arguments: [String], _ timeout: Int?, _ words: String) throws {
    let bundle = try TestBundle()
    bundle.spec.hooks = Hooks(createRuntime: [
      Hook(path: "/bin/sh", args: arguments, env: ["PATH=/bin"], timeout: timeout)
    ])
    let result = try bundle.create()
    #expect(result.code == 1)
    #expect(result.errors.contains(words), "\(result)")
    #expect(try bundle.cgroupDirectories().isEmpty)
  }

  @Test func otherProgramsReadTheVersionAndTheFeatures() throws {
    let bundle = try TestBundle()
    let version = try bundle.run("--version").lines[0].split(separator: " ")
    #expect(version[1] == "version" && version.count == 3)
    let features = try Features(json: Array(try bundle.run("features").output.utf8))
    #expect(features.linux.namespaces.count == 8)
    #expect(features.mountOptions.contains("rro"))
  }

  @Test func runningWithoutRootIsRefused() throws {
    let bundle = try TestBundle()
    #expect(try bundle.run("--rootless=true", "list").errors.contains("--rootless=true"))
    #expect(try bundle.run("--rootless=true", "list").code == 1)
    #expect(try bundle.run("--rootless", "auto", "list").code == 0)
    #expect(try bundle.run("--rootless=false", "list").code == 0)
  }

  @Test(arguments: [["nope"], ["create"], ["create", "--nope", "x"], ["kill", "x", "NOPE"], ["state", "a", "b"]])
  func wrongUseIsAnError(_ arguments: [String]) throws {
    let result = try TestBundle().run(arguments)
    #expect(result.code == 1)
    #expect(!result.errors.isEmpty)
  }
}

/// A configuration that cannot be applied, and words of the error that says why.
struct Refusal: Sendable, CustomTestStringConvertible {
  let words: String
  let change: @Sendable (inout Spec) -> Void

  init(_ words: String, _ change: @escaping @Sendable (inout Spec) -> Void) {
    self.words = words
    self.change = change
  }

  var testDescription: String { words }
}
