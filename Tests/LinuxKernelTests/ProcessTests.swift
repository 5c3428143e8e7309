import Glibc
import LinuxKernel
import TestSupport
import Testing

@Suite struct SignalTests {
  @Test(
    arguments: [
      ("SIGTERM", 15), ("TERM", 15), ("term", 15), ("15", 15), ("sigkill", 9), ("IOT", 6), ("RTMIN", 34),
      ("RTMIN+3", 37),
      ("SIGRTMAX-1", 63), ("64", 64), ("POLL", 29),
    ] as [(String, Int32)])
  func namesAndNumbersAreRead(text: String, number: Int32) {
    #expect(Signal(text)?.rawValue == number)
  }

  @Test(arguments: ["", "0", "65", "-1", "SIG", "SIGNOPE", "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMIN+", "9 ", "TERM\0"])
  func othersAreNoSignals(text: String) {
    #expect(Signal(text) == nil)
  }

  @Test func everySignalIsReadAsItIsPrinted() {
    for number in Int32(1)...64 {
      let signal = Signal(rawValue: number)
      #expect(signal.flatMap { Signal($0.description) } == signal)
    }
    #expect(Signal.terminate.description == "SIGTERM" && Signal.child.description == "SIGCHLD")
  }
}

@Suite struct CapabilityTests {
  @Test func theTableIsTheKernels() throws {
    #expect(Capability.all.count == 41)
    #expect(Capability("CAP_CHOWN")?.number == 0)
    #expect(Capability("net_admin")?.number == 12)
    #expect(Capability("SYS_ADMIN") == .systemAdministration)
    #expect(Capability("CAP_CHECKPOINT_RESTORE")?.number == 40)
    #expect(Capability("CAP_NOPE") == nil && Capability("") == nil)
    #expect(Capability.setPrivileges.description == "CAP_SETPCAP")
    #expect(Capability.systemResources.description == "CAP_SYS_RESOURCE")
    #expect(try ThreadCapabilities.lastOfKernel() >= 40)
  }

  @Test func setsAreThoseOfProc() throws {
    let status = try HostFiles.readText("/proc/thread-self/status")
    func field(_ name: String) -> UInt64? {
      status.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap {
        UInt64($0.dropFirst(name.count).filter { !$0.isWhitespace }, radix: 16)
      }
    }
    let current = try ThreadCapabilities.current()
    #expect(current.effective.bits == field("CapEff:"))
    #expect(current.permitted.bits == field("CapPrm:"))
    #expect(try ThreadCapabilities.bounding().bits == field("CapBnd:"))
    #expect(CapabilitySet(current.effective.capabilities) == current.effective)
  }

  @Test(arguments: [("RLIMIT_NOFILE", 7), ("nofile", 7), ("RLIMIT_RTTIME", 15)] as [(String, Int32)])
  func limitsAreRead(text: String, number: Int32) throws {
    let limit = try #require(ResourceLimit(text))
    #expect(limit.number == number)
    let values = try limit.get()
    #expect(values.soft <= values.hard)
    try limit.set(values)
  }
}

@Suite struct SpawnTests {
  /// Starts a shell, and gives its output.
  private func shell(_ script: String, _ change: (inout Spawn) -> Void = { _ in }) throws -> (
    String, LinuxKernel.ExitStatus
  ) {
    let output = try Pipe()
    var spawn = Spawn(program: "/bin/sh", arguments: ["sh", "-c", script], environment: ["WORD=value"])
    spawn.pass(output.writeEnd, as: 1)
    change(&spawn)
    let pid = try spawn.start()
    try output.writeEnd.close()
    let text = String(decoding: try output.readEnd.readAll(), as: UTF8.self)
    return (text, try Children.wait(for: pid))
  }

  @Test func environmentDirectoryAndStatusAreAsAsked() throws {
    let (text, status) = try shell("echo $WORD $PWD; exit 3") { $0.workingDirectory = "/usr" }
    #expect(text == "value /usr\n" && status == .exited(3))
    #expect(try shell("kill -TERM $$").1 == .signalled(.terminate))
    #expect(LinuxKernel.ExitStatus.signalled(.kill).shellCode == 137)
  }

  @Test func noOtherDescriptorGetsIn() throws {
    let leaked = try Pipe()
    try leaked.writeEnd.setInherited(true)
    let input = try HostFiles.open("/dev/null", .readOnly)
    let (text, _) = try shell("ls /proc/self/fd | tr '\\n' ' '") { spawn in
      spawn.pass(input, as: 0)
      spawn.pass(input, as: 4)
    }
    // 2 is what ls itself opens, as the lowest number that is free.
    #expect(text == "0 1 2 4 ")
  }

  @Test func numbersMayCross() throws {
    let first = try HostFiles.open("/usr", .directory)
    let second = try HostFiles.open("/etc", .directory)
    let (text, _) = try shell("readlink /proc/self/fd/\(first.rawValue) /proc/self/fd/\(second.rawValue)") { spawn in
      spawn.pass(first, as: second.rawValue)
      spawn.pass(second, as: first.rawValue)
    }
    #expect(text == "/etc\n/usr\n")
  }

  @Test func aSessionAndDefaultSignals() throws {
    let ids = try shell("exec cut -d' ' -f1,6 /proc/self/stat") { $0.newSession = true }.0.split { !$0.isNumber }
    #expect(ids.count == 2 && ids.first == ids.last)
    let text = try shell("exec grep -E 'Sig(Blk|Ign)' /proc/self/status").0
    // posix_spawn leaves the two signals that glibc keeps for its threads, 32 and 33, ignored.
    let masks = text.split(separator: "\n").map { UInt64($0.suffix(16), radix: 16).map { $0 & ~0x1_8000_0000 } }
    #expect(masks == [0, 0])
  }

  @Test func whatCannotBeStartedIsNamed() {
    let error = #expect(throws: SystemError.self) {
      try Spawn(program: "/no/such", arguments: ["such"], environment: []).start()
    }
    #expect(error?.explanation == "start /no/such: no such file or directory")
    #expect(errorNumber { _ = try Spawn(program: "/bin/true", arguments: ["a\0b"], environment: []).start() } == EINVAL)
    #expect(Execute.search("sh", searchPath: "/nowhere:/bin") == "/bin/sh")
    #expect(Execute.search("no-such-command", searchPath: "/bin") == nil)
  }
}

@Suite(.needs(.root)) struct CloneTests {
  @Test func aChildHasNamespacesOfItsOwn() throws {
    var options = Clone.Options()
    options.namespaces = NamespaceKinds(NamespaceKind.allCases.filter { $0 != .time && $0 != .user })
    let side = try Clone.clone(options)
    switch consume side {
    case .child:
      // In a program with threads the child makes no call that could need a lock.
      _exit(getpid() == 1 ? 7 : 8)
    case .parent(let child):
      #expect(try child.wait() == .exited(7))
    }
  }

  @Test func aPidfdSignalsAndReports() throws {
    let side = try Clone.clone()
    switch consume side {
    case .child:
      pause()
      _exit(0)
    case .parent(let child):
      let entry = try #require(try ProcessEntry.read(child.pid))
      #expect(entry.parent == ProcessControl.currentID && entry.isAlive && entry.startTime > 0)
      for kind in NamespaceKind.allCases where Namespace.isSupported(kind) {
        let ours = try Namespace.open(kind, of: ProcessControl.currentID)
        let theirs = try Namespace.open(kind, of: child.pid)
        #expect(try ours.status().isSameFile(as: theirs.status()))
      }
      #expect(try !child.waitForEnd(milliseconds: 0))
      try child.send(.kill)
      #expect(try child.waitForEnd())
      #expect(try child.wait() == .signalled(.kill))
      #expect(errorNumber { try child.send(.kill) } == ESRCH)
      #expect(try ProcessEntry.read(child.pid) == nil)
    }
  }
}
