import LinuxKernel
import OCIRuntimeSpec
import TestSupport
import Testing

/// No path of a container's leads to the host through a descriptor of the runtime's (CVE-2024-21626): not the working
/// directory's, not the program's, not the interpreter's of a script.
@Suite(.needs(.containers))
struct ConfinementTests {
  private static let refused = ["no such file or directory", "not a directory", "permission denied"]

  @Test(arguments: 3...20) func theProgramIsNotFoundThroughADescriptor(_ number: Int) throws {
    let bundle = try TestBundle()
    bundle.spec.process?.args = [
      try bundle.outsideProgram(from: "/proc/self/fd/\(number)"), "touch", "/escaped",
    ]
    let created = try bundle.create()
    #expect(created.code == 1, "\(created)")
    #expect(created.errors.contains("unable to start container process: exec: "), "\(created)")
    #expect(Self.refused.contains { created.errors.contains($0) }, "\(created)")
    if created.code == 0 { try bundle.run("start", bundle.id) }
    #expect(try !HostFiles.exists("\(bundle.rootfs)/escaped"))
  }

  @Test(arguments: 3...20) func theInterpreterIsNotFoundThroughADescriptor(_ number: Int) throws {
    let bundle = try TestBundle()
    let interpreter = try bundle.outsideProgram(from: "/proc/self/fd/\(number)")
    try bundle.write("#!\(interpreter) touch\n", to: "rootfs/bin/script", permissions: 0o755)
    bundle.spec.process?.args = ["/bin/script"]
    #expect(try bundle.create().code == 0)
    let before = try HostFiles.status("\(bundle.rootfs)/bin/script").modified
    try bundle.run("start", bundle.id)
    try bundle.wait(for: "stopped")
    #expect(try HostFiles.status("\(bundle.rootfs)/bin/script").modified == before)
  }

  @Test(arguments: 3...20) func theWorkingDirectoryIsNotFoundThroughADescriptor(_ number: Int) throws {
    let bundle = try TestBundle("touch escaped")
    bundle.spec.process?.cwd = "/proc/self/fd/\(number)"
    let created = try bundle.create()
    #expect(created.code == 1, "\(created)")
    let words = ["too many levels of symbolic links", "no such file or directory"]
    #expect(words.contains { created.errors.contains("/proc/self/fd/\(number): \($0)") }, "\(created)")
  }

  @Test(arguments: 3...20) func anExecFindsNothingThroughADescriptor(_ number: Int) throws {
    let bundle = try TestBundle("sleep 100")
    #expect(try bundle.runContainer("--detach").code == 0)
    let place = "/proc/self/fd/\(number)"
    let program = try bundle.run("exec", bundle.id, try bundle.outsideProgram(from: place), "true")
    #expect(program.code == 255, "\(program)")
    #expect(Self.refused.contains { program.errors.contains($0) }, "\(program)")
    let directory = try bundle.run("exec", "--cwd", place, bundle.id, "pwd")
    #expect(directory.code == 255, "\(directory)")
    #expect(Self.refused.contains { directory.errors.contains("chdir \(place): \($0)") }, "\(directory)")
  }

  /// What the caller lets the program inherit may lead outside; the runtime itself does not go there.
  @Test func aDirectoryThatIsPassedOnLeadsNobodyOutside() throws {
    let bundle = try TestBundle("sleep 100")
    let outside = try bundle.outsideProgram(from: "/proc/self/fd/3")
    bundle.spec.process?.args = [outside, "touch", "/escaped"]
    try bundle.write(String(decoding: bundle.spec.json(), as: UTF8.self), to: "config.json")
    let create = ["create", "--preserve-fds", "1", "--bundle", bundle.path, bundle.id]
    let created = try bundle.run(create, passing: bundle.path)
    #expect(created.errors.contains("is outside of the container's root: permission denied"), "\(created)")
    bundle.spec.process?.args = ["/proc/self/fd/3/rootfs/bin/busybox", "sleep", "100"]
    try bundle.write(String(decoding: bundle.spec.json(), as: UTF8.self), to: "config.json")
    #expect(try bundle.run(create, passing: bundle.path).code == 1)

    bundle.spec.process?.args = ["sleep", "100"]
    #expect(try bundle.runContainer("--detach").code == 0)
    let exec = ["exec", "--preserve-fds", "1"]
    let directory = try bundle.run(exec + ["--cwd", "/proc/self/fd/3", bundle.id, "pwd"], passing: bundle.path)
    #expect(directory.code == 255)
    #expect(
      directory.errors.contains("the working directory is outside of the container's root"), "\(directory)")
    let program = try bundle.run(exec + [bundle.id, outside, "true"], passing: bundle.path)
    #expect(program.code == 255)
    #expect(program.errors.contains("is outside of the container's root: permission denied"), "\(program)")
    #expect(try bundle.run(exec + [bundle.id, "ls", "/proc/self/fd/3/outside"], passing: bundle.path).code == 0)
  }

  /// A number that the caller left free would become one of the runtime's own descriptors.
  @Test func onlyWhatIsThereCanBePassedOn() throws {
    let bundle = try TestBundle("sleep 100")
    let created = try bundle.create("--preserve-fds", "2")
    #expect(created.code == 1)
    #expect(created.errors.contains("--preserve-fds 2: descriptor 3 is not open"), "\(created)")
    #expect(try bundle.runContainer("--detach").code == 0)
    let exec = try bundle.run("exec", "--preserve-fds", "5", bundle.id, "true")
    #expect(exec.errors.contains("--preserve-fds 5: descriptor 3 is not open"), "\(exec)")
  }

  /// The kernel's own links inside the root are as good as names.
  @Test func linksOfTheKernelsInsideTheRootAreFollowed() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.args = ["/proc/self/root/bin/echo", "inside"]
    #expect(try bundle.runContainer().output == "inside\n")
  }

  @Test func aContainerWithoutProcIsStarted() throws {
    let bundle = try TestBundle("echo > /started; sleep 100")
    bundle.spec.mounts.removeAll { $0.destination == "/proc" }
    bundle.spec.linux?.maskedPaths = []
    bundle.spec.linux?.readonlyPaths = []
    let created = try bundle.create()
    #expect(created.code == 0, "\(created)")
    #expect(try bundle.run("start", bundle.id).code == 0)
    #expect(try bundle.report().status == "running")
  }
}
