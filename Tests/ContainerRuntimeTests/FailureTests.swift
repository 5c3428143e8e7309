import Glibc
import LinuxKernel
import OCIRuntimeSpec
import TestSupport
import Testing

/// A creation, a start or a kill that goes wrong takes its own away, and nobody else's.
@Suite(.needs(.containers))
struct FailureTests {
  private func running(_ script: String = "sleep 100", _ change: (inout Spec) -> Void = { _ in }) throws -> TestBundle {
    let bundle = try TestBundle(script)
    change(&bundle.spec)
    let result = try bundle.runContainer("--detach")
    #expect(result.code == 0, "\(result)")
    return bundle
  }

  private func appending(_ text: String, to file: String) -> [Hook] {
    [Hook(path: "/bin/sh", args: ["sh", "-c", "echo \(text) >> \(file)"], env: ["PATH=/bin"])]
  }

  // MARK: Others' cgroups

  @Test(arguments: ["true", "no-such-command"]) func aCgroupThatOthersUseIsRefused(_ command: String) throws {
    let other = try running()
    let bundle = try TestBundle()
    bundle.spec.linux?.cgroupsPath = try #require(other.spec.linux).cgroupsPath
    bundle.spec.process?.args = [command]
    let created = try bundle.create()
    #expect(created.code == 1)
    #expect(created.errors.contains("the container's cgroup is not empty"), "\(created)")
    #expect(try other.report().status == "running")
    #expect(try bundle.run("delete", "--force", bundle.id).code == 0)
    #expect(try other.report().status == "running")
  }

  /// The path that a configuration without one gets is the id's, whatever the root.
  @Test func theSameIdUnderAnotherRootIsAnother() throws {
    let bundle = try running { $0.linux?.cgroupsPath = "" }
    let created = try bundle.run("--root", "\(bundle.path)/other", "create", "--bundle", bundle.path, bundle.id)
    #expect(created.errors.contains("the container's cgroup is not empty"), "\(created)")
    #expect(try bundle.report().status == "running")
  }

  @Test func aFrozenCgroupIsRefused() throws {
    let bundle = try TestBundle()
    let place = try ["/sys/fs/cgroup/freezer", "/sys/fs/cgroup"].first { try HostFiles.exists($0) } ?? ""
    let directory = "\(place)/apus-\(bundle.id)/c"
    try HostFiles.makeDirectories(directory)
    defer { try? HostFiles.removeDirectory(directory) }
    let isVersion1 = place.hasSuffix("freezer")
    try HostFiles.write(
      isVersion1 ? "FROZEN" : "1", toExisting: "\(directory)/\(isVersion1 ? "freezer.state" : "cgroup.freeze")")
    let created = try bundle.create()
    #expect(created.errors.contains("the container's cgroup is frozen"), "\(created)")
    #expect(try HostFiles.exists(directory))
  }

  @Test func anEmptyCgroupIsUsedAndStaysWhenTheCreationFails() throws {
    let bundle = try TestBundle()
    let place = try ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].first { try HostFiles.exists($0) } ?? ""
    let directory = "\(place)/apus-\(bundle.id)/c"
    try HostFiles.makeDirectories(directory)
    bundle.spec.process?.args = ["no-such-command"]
    #expect(try bundle.create().errors.contains("executable file not found"))
    #expect(try HostFiles.exists(directory))
    bundle.spec.process?.args = ["true"]
    let result = try bundle.runContainer()
    #expect(result.code == 0, "\(result)")
    #expect(try bundle.cgroupDirectories().isEmpty)
  }

  @Test func deletingAStoppedContainerSparesWhoCameAfterIt() throws {
    let old = try running()
    try old.run("kill", old.id, "KILL")
    try old.wait(for: "stopped")
    let path = try #require(old.spec.linux).cgroupsPath
    let new = try running { $0.linux?.cgroupsPath = path }
    #expect(try old.run("delete", "--force", old.id).errors.contains("the cgroup still has processes"))
    #expect(try new.report().status == "running")
    #expect(try new.run("delete", "--force", new.id).code == 0)
    #expect(try old.run("delete", old.id).code == 0)
  }

  /// The first hook takes the creating process away; what the runtime knows then is where the cgroup is.
  @Test func whatAKilledCreationLeavesIsDeleted() throws {
    let bundle = try TestBundle()
    bundle.spec.hooks = Hooks(createRuntime: [Hook(path: "/bin/sh", args: ["sh", "-c", "kill -9 $PPID"])])
    #expect(try bundle.create().code == 137)
    try HostFiles.remove("\(bundle.path)/state/\(bundle.id)/state.json")
    #expect(try !bundle.cgroupDirectories().isEmpty)
    let deleted = try bundle.run("delete", "--force", bundle.id)
    #expect(deleted.code == 0, "\(deleted)")
    #expect(try bundle.cgroupDirectories().isEmpty)
    #expect(try HostFiles.list("\(bundle.path)/state").isEmpty)
  }

  // MARK: Hooks

  @Test func theLastHooksRunWhenTheCreationFails() throws {
    let bundle = try TestBundle()
    let file = "\(bundle.path)/hooks"
    bundle.spec.hooks = Hooks(
      createRuntime: appending("createRuntime", to: file), poststop: appending("poststop", to: file))
    bundle.spec.process?.args = ["no-such-command"]
    #expect(try bundle.create().errors.contains("executable file not found"))
    #expect(try HostFiles.readText(file) == "createRuntime\npoststop\n")
  }

  @Test func whatALastHookSaysIsReportedToo() throws {
    let bundle = try TestBundle()
    bundle.spec.hooks = Hooks(poststop: [Hook(path: "/bin/sh", args: ["sh", "-c", "echo late >&2; exit 3"])])
    bundle.spec.process?.args = ["no-such-command"]
    let created = try bundle.create()
    #expect(created.errors.contains("executable file not found"), "\(created)")
    #expect(created.errors.contains("poststop hook /bin/sh ended with status 3: late"), "\(created)")
  }

  @Test func aHookAfterTheStartThatFailsEndsTheContainer() throws {
    let bundle = try TestBundle("sleep 100")
    bundle.spec.hooks = Hooks(poststart: [Hook(path: "/bin/sh", args: ["sh", "-c", "exit 3"])])
    #expect(try bundle.create().code == 0)
    let started = try bundle.run("start", bundle.id)
    #expect(started.code == 1)
    #expect(started.errors.contains("poststart hook"), "\(started)")
    try bundle.wait(for: "stopped")
  }

  // MARK: The program

  /// Makes and starts the container; returns the end of `start` and what is on the container's standard error then.
  private func start(_ bundle: TestBundle) throws -> (started: CommandResult, said: String) {
    try bundle.write(String(decoding: bundle.spec.json(), as: UTF8.self), to: "config.json")
    let errors = "\(bundle.path)/errors"
    #expect(try bundle.run(["create", "--bundle", bundle.path, bundle.id], errorFile: errors).code == 0)
    let started = try bundle.run("start", bundle.id)
    try bundle.wait(for: "stopped")
    return (started, try HostFiles.readText(errors))
  }

  /// The gate has been passed by then, so that `start` has no word to say; as with runc.
  @Test(arguments: [
    ("plain text\n", "exec /bin/odd: exec format error\n"),
    ("#!/no/interpreter\n", "exec /bin/odd: no such file or directory\n"),
  ])
  func aProgramThatTheKernelRefusesIsToldToStandardError(_ content: String, _ words: String) throws {
    let bundle = try TestBundle()
    try bundle.write(content, to: "rootfs/bin/odd", permissions: 0o755)
    bundle.spec.process?.args = ["/bin/odd"]
    let (started, said) = try start(bundle)
    #expect(started.code == 0, "\(started)")
    #expect(said == words)
  }

  @Test func aHookBeforeTheProgramThatFailsFailsTheStart() throws {
    let bundle = try TestBundle("echo > /ran")
    bundle.spec.hooks = Hooks(startContainer: [Hook(path: "/bin/sh", args: ["sh", "-c", "echo why >&2; exit 3"])])
    let (started, said) = try start(bundle)
    let words = "startContainer hook /bin/sh ended with status 3: why"
    #expect(started.code == 1)
    #expect(started.errors.contains(words), "\(started)")
    #expect(said == "\(words)\n")
    #expect(try !HostFiles.exists("\(bundle.rootfs)/ran"))
  }

  // MARK: Kill

  /// Init's number lives on as that of the session of those it has left behind.
  @Test func deleteEndsWhoOutlivesInit() throws {
    let bundle = try TestBundle("sleep 200 &")
    bundle.spec.linux?.namespaces.removeAll { $0.type == .pid }
    #expect(try bundle.create().code == 0)
    #expect(try bundle.run("start", bundle.id).code == 0)
    try bundle.wait(for: "stopped")
    #expect(try bundle.run("ps", "--format", "json", bundle.id).output != "[]\n")
    let deleted = try bundle.run("delete", bundle.id)
    #expect(deleted.code == 0, "\(deleted)")
    #expect(try bundle.cgroupDirectories().isEmpty)
  }

  @Test func killEndsEveryoneAlsoWithoutAPidNamespace() throws {
    let bundle = try running("sleep 200 & sleep 100") { $0.linux?.namespaces.removeAll { $0.type == .pid } }
    // The program may still be on its way to its second process.
    for _ in 0..<1000 {
      if try bundle.run("ps", "--format", "json", bundle.id).output.contains(",") { break }
      usleep(10_000)
    }
    #expect(try bundle.run("ps", "--format", "json", bundle.id).output.contains(","))
    #expect(try bundle.run("kill", bundle.id, "KILL").code == 0)
    try bundle.wait(for: "stopped")
    for _ in 0..<1000 {
      if try bundle.run("ps", "--format", "json", bundle.id).output == "[]\n" { return }
      usleep(10_000)
    }
    Issue.record("left: \(try bundle.run("ps", "--format", "json", bundle.id))")
  }
}
