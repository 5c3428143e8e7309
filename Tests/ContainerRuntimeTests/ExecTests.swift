import LinuxKernel
import OCIRuntimeSpec
import SeccompFilter
import TestSupport
import Testing

@Suite(.needs(.containers))
struct ExecTests {
  private func running(_ change: (inout Spec) -> Void = { _ in }) throws -> TestBundle {
    let bundle = try TestBundle("sleep 100")
    change(&bundle.spec)
    let result = try bundle.runContainer("--detach")
    #expect(result.code == 0, "\(result)")
    return bundle
  }

  @Test func aProcessJoinsTheContainer() throws {
    let bundle = try running { $0.linux?.seccomp = .defaultProfile(capabilities: []) }
    let pid = try bundle.report().pid
    let names = ["pid", "net", "mnt", "ipc", "uts", "cgroup"]
    let script =
      "for n in \(names.joined(separator: " ")); do readlink /proc/self/ns/$n; done; cat /proc/self/cgroup; "
      + "grep -E '^(CapEff|Seccomp:|NoNew)' /proc/self/status; ls /proc/self/fd"
    let result = try bundle.run("exec", bundle.id, "sh", "-c", script)
    #expect(result.code == 0, "\(result)")
    for (name, namespace) in zip(names, result.lines) {
      #expect(try HostFiles.readLink("/proc/\(pid)/ns/\(name)") == namespace)
    }
    #expect(
      result.lines.dropFirst(6).filter { $0.contains("::/") || $0.contains(":/") }.allSatisfy { $0.hasSuffix(":/") })
    #expect(result.output.contains("CapEff:\t0000000020000420\nNoNewPrivs:\t1\nSeccomp:\t2"), "\(result)")
    #expect(Array(result.lines.suffix(4)) == ["0", "1", "2", "3"])
  }

  @Test func optionsChangeTheProcess() throws {
    let bundle = try running()
    let result = try bundle.run(
      "exec", "--user", "1000:1001", "-g", "7", "-e", "A=b", "--cwd", "/tmp", "--cap", "CAP_CHOWN", bundle.id, "sh",
      "-c",
      "id -u; id -g; id -G; echo $A; pwd; grep CapBnd /proc/self/status; exit 9")
    #expect(result.code == 9)
    #expect(result.lines == ["1000", "1001", "1001 7", "b", "/tmp", "CapBnd:\t0000000020000421"], "\(result)")
  }

  @Test func theWholeProcessComesFromAFile() throws {
    let bundle = try running()
    let process = Process(
      args: ["sh", "-c", "pwd; id -u; echo $X"], env: ["X=y", "PATH=/bin"], cwd: "/etc", user: User(uid: 3, gid: 4))
    try bundle.write(String(decoding: process.json(), as: UTF8.self), to: "process.json")
    let result = try bundle.run("exec", "--process", "\(bundle.path)/process.json", bundle.id)
    #expect(result.lines == ["/etc", "3", "y"], "\(result)")
  }

  /// What a document leaves out is no more than the container itself has.
  @Test func whatTheFileLeavesOutIsTheContainersOwn() throws {
    let bundle = try running {
      $0.process?.capabilities = LinuxCapabilities(
        bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"])
      $0.process?.rlimits = [POSIXRlimit(type: "RLIMIT_NOFILE", soft: 77, hard: 88)]
    }
    let process = Process(
      args: ["sh", "-c", "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; ulimit -n"], env: ["PATH=/bin"])
    try bundle.write(String(decoding: process.json(), as: UTF8.self), to: "process.json")
    let result = try bundle.run("exec", "--process", "\(bundle.path)/process.json", bundle.id)
    let (effective, bounding) = ("CapEff:\t0000000000000020", "CapBnd:\t0000000000000020")
    #expect(result.lines == [effective, bounding, "NoNewPrivs:\t1", "77"], "\(result)")
  }

  @Test func anotherUserKeepsTheGroupsAndTheUmask() throws {
    let bundle = try running { $0.process?.user = User(uid: 7, gid: 8, umask: 0o27, additionalGids: [9]) }
    let result = try bundle.run("exec", "--user", "1000", bundle.id, "sh", "-c", "id -u; id -G; umask")
    #expect(result.lines == ["1000", "8 9", "0027"], "\(result)")
    #expect(try bundle.run("exec", "--user", "1000:1001", bundle.id, "id", "-G").lines == ["1001 9"])
  }

  @Test(arguments: [
    ("nope", "exec: \"nope\": executable file not found in $PATH"), ("/nope", "stat /nope: no such file or directory"),
    ("/etc", "is a directory"),
  ])
  func aProgramThatCannotRunIsAnError(_ command: String, _ words: String) throws {
    let bundle = try running()
    let result = try bundle.run("exec", bundle.id, command)
    #expect(result.code == 255)
    #expect(result.errors.contains(words))
  }

  @Test func detachedProcessesGoOnAndEndWithTheContainer() throws {
    let bundle = try running()
    let pidFile = "\(bundle.path)/exec.pid"
    #expect(try bundle.run("exec", "--detach", "--pid-file", pidFile, bundle.id, "sleep", "200").code == 0)
    let pid = try #require(Int32(try HostFiles.readText(pidFile)))
    let process = try PidFD(pid)
    #expect(try bundle.run("ps", "--format", "json", bundle.id).output.contains("\(pid)"))
    #expect(try bundle.run("delete", "--force", bundle.id).code == 0)
    #expect(try process.waitForEnd(milliseconds: 10_000))
  }

  @Test func stoppedContainersTakeNoProcess() throws {
    let bundle = try running()
    try bundle.run("kill", bundle.id, "KILL")
    try bundle.wait(for: "stopped")
    #expect(try bundle.run("exec", bundle.id, "true").errors.contains("cannot exec in a stopped container"))
  }

  @Test func theUserNamespaceIsJoined() throws {
    let bundle = try running { spec in
      spec.linux?.namespaces.append(LinuxNamespace(type: .user))
      spec.linux?.uidMappings = [IDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
      spec.linux?.gidMappings = [IDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
    }
    let result = try bundle.run("exec", bundle.id, "sh", "-c", "id -u; cat /proc/self/uid_map")
    #expect(result.output.contains("100000"), "\(result)")
  }

  /// Receives the terminal as an engine does, and reads what the program prints on it.
  @Test(arguments: [false, true]) func aTerminalIsHandedOver(asExec: Bool) throws {
    let script = "tty; test -t 0 && test -t 1 && test -t 2 && stty size"
    let bundle = try asExec ? running() : TestBundle(script)
    let socket = "\(bundle.path)/console"
    let listener = try UnixSocket.listen(at: socket, nonblocking: false)
    var process = try #require(bundle.spec.process)
    process.args = ["/bin/sh", "-c", script]
    process.terminal = true
    process.consoleSize = ConsoleSize(height: 33, width: 99)
    if asExec {
      try bundle.write(String(decoding: process.json(), as: UTF8.self), to: "process.json")
      let result = try bundle.run(
        "exec", "--detach", "--console-socket", socket, "--process", "\(bundle.path)/process.json", bundle.id)
      #expect(result.code == 0, "\(result)")
    } else {
      bundle.spec.process = process
      let result = try bundle.runContainer("--detach", "--console-socket", socket)
      #expect(result.code == 0, "\(result)")
    }
    guard let connection = try listener.accept() else {
      Issue.record("nobody connected")
      return
    }
    let message = try connection.receive(upTo: 64)
    guard let master = message.descriptor else {
      Issue.record("no terminal came")
      return
    }
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 1024)
    while case .bytes(let count) = try master.tryRead(into: &buffer) {
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
    #expect(text.contains("/dev/pts/0") || text.contains("/dev/console"), "\(text)")
    #expect(text.contains("33 99"))
  }
}
