import LinuxKernel
import OCIRuntimeSpec
import SeccompFilter
import TestSupport
import Testing

@Suite(.needs(.containers))
struct IsolationTests {
  private func output(_ script: String, _ change: (inout Spec) throws -> Void = { _ in }) throws -> [String] {
    let bundle = try TestBundle(script)
    try change(&bundle.spec)
    let result = try bundle.runContainer()
    #expect(result.code == 0, "\(result)")
    return result.lines
  }

  @Test func namespacesAreTheContainersOwn() throws {
    let names = ["pid", "net", "mnt", "ipc", "uts", "cgroup", "time"]
    let inside = try output("for n in \(names.joined(separator: " ")); do readlink /proc/self/ns/$n; done") {
      $0.linux?.namespaces.append(LinuxNamespace(type: .time))
    }
    for (name, namespace) in zip(names, inside) {
      #expect(try HostFiles.readLink("/proc/self/ns/\(name)") != namespace)
    }
  }

  @Test func namespacesCanBeJoined() throws {
    let holder = try TestBundle("sleep 100")
    #expect(try holder.runContainer("--detach").code == 0)
    let pid = try holder.report().pid
    let kinds: [(LinuxNamespace.Kind, String)] = [
      (.network, "net"), (.ipc, "ipc"), (.uts, "uts"), (.pid, "pid"), (.cgroup, "cgroup"),
    ]
    let inside = try output(
      "for n in \(kinds.map(\.1).joined(separator: " ")); do readlink /proc/self/ns/$n; done"
    ) { spec in
      spec.hostname = ""
      for (kind, name) in kinds {
        spec.linux?.namespaces.removeAll { $0.type == kind }
        spec.linux?.namespaces.append(LinuxNamespace(type: kind, path: "/proc/\(pid)/ns/\(name)"))
      }
    }
    for ((_, name), namespace) in zip(kinds, inside) {
      #expect(try HostFiles.readLink("/proc/\(pid)/ns/\(name)") == namespace)
    }
  }

  @Test func aTimeNamespaceHasItsOffsets() throws {
    let lines = try output("cat /proc/self/timens_offsets") { spec in
      spec.linux?.namespaces.append(LinuxNamespace(type: .time))
      spec.linux?.timeOffsets = ["boottime": LinuxTimeOffset(secs: 1_000_000, nanosecs: 5)]
    }
    #expect(lines.contains { $0.split(separator: " ").map(String.init) == ["boottime", "1000000", "5"] })
  }

  @Test func aUserNamespaceMapsRoot() throws {
    let bundle = try TestBundle(
      "id -u; cat /proc/self/uid_map; touch /tmp/file; ls -l /dev/null; cat /proc/self/limits")
    try HostFiles.setOwner("\(bundle.rootfs)/tmp", user: 100_000, group: 100_000)
    bundle.spec.linux?.namespaces.append(LinuxNamespace(type: .user))
    bundle.spec.linux?.uidMappings = [IDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
    bundle.spec.linux?.gidMappings = [IDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
    bundle.spec.process?.rlimits = [POSIXRlimit(type: "RLIMIT_NOFILE", soft: 777, hard: 888)]
    let result = try bundle.runContainer()
    #expect(result.code == 0, "\(result)")
    #expect(result.lines.first == "0")
    #expect(result.output.contains("100000      65536"))
    #expect(result.output.contains("crw-rw-rw-"))
    #expect(result.output.contains("888 "))
    #expect(try HostFiles.status("\(bundle.rootfs)/tmp/file").user == 100_000)
    // The same with the gate of `create`, which init passes as another user.
    #expect(try bundle.create().code == 0)
    #expect(try bundle.run("start", bundle.id).code == 0)
  }

  @Test func aUserNamespaceThatExistsOwnsTheNewNamespaces() throws {
    let holder = try TestBundle("sleep 100")
    func addUsers(_ spec: inout Spec, path: String = "") {
      spec.linux?.namespaces.append(LinuxNamespace(type: .user, path: path))
      spec.linux?.uidMappings = [IDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
      spec.linux?.gidMappings = [IDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
    }
    addUsers(&holder.spec)
    #expect(try holder.runContainer("--detach").code == 0)
    let pid = try holder.report().pid
    let bundle = try TestBundle("sleep 100")
    addUsers(&bundle.spec, path: "/proc/\(pid)/ns/user")
    bundle.spec.hostname = "joined"
    let created = try bundle.create()
    #expect(created.code == 0, "\(created)")
    #expect(try bundle.run("start", bundle.id).code == 0)
    let inside = try bundle.report().pid
    #expect(try HostFiles.readLink("/proc/\(inside)/ns/user") == HostFiles.readLink("/proc/\(pid)/ns/user"))
    #expect(try HostFiles.readLink("/proc/\(inside)/ns/pid") != HostFiles.readLink("/proc/\(pid)/ns/pid"))
    let result = try bundle.run("exec", bundle.id, "sh", "-c", "hostname; id -u; mount | grep -c ' /proc '")
    #expect(result.lines == ["joined", "0", "1"], "\(result)")
  }

  @Test(arguments: [
    (["PATH=/bin", "A=1", "A=2"], UInt32(0), "A=2 HOME=/root"), (["PATH=/bin", "HOME=/x"], 0, "HOME=/x"),
    (["PATH=/bin"], 1000, "HOME=/home/user"), (["PATH=/bin"], 4242, "HOME=/"),
  ])
  func theEnvironmentHasNoDoublesAndAHome(_ environment: [String], _ user: UInt32, _ expected: String) throws {
    let bundle = try TestBundle()
    try bundle.write("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:\n", to: "rootfs/etc/passwd")
    bundle.spec.process?.env = environment
    bundle.spec.process?.args = ["cat", "/proc/self/environ"]
    bundle.spec.process?.user = User(uid: user, gid: user)
    let entries = try bundle.runContainer().output.split(separator: "\0").filter { !$0.hasPrefix("PATH=") }
    #expect(entries.joined(separator: " ") == expected)
  }

  @Test func theProcessIsAsConfigured() throws {
    let script = "id -u; id -g; id -G; umask; pwd; echo $HELLO; hostname; ulimit -n; cat /proc/self/oom_score_adj"
    let lines = try output(script) { spec in
      spec.process?.user = User(uid: 1000, gid: 1001, umask: 0o27, additionalGids: [5, 1001])
      spec.process?.cwd = "/made/for/me"
      spec.process?.env.append("HELLO=world")
      spec.process?.rlimits = [POSIXRlimit(type: "RLIMIT_NOFILE", soft: 77, hard: 88)]
      spec.process?.oomScoreAdj = 123
      spec.hostname = "named"
    }
    #expect(lines == ["1000", "1001", "1001 5", "0027", "/made/for/me", "world", "named", "77", "123"])
  }

  @Test func capabilitiesAreExactlyThoseGiven() throws {
    let lines = try output("grep -E '^(Cap|NoNewPrivs)' /proc/self/status") { spec in
      spec.process?.capabilities = LinuxCapabilities(
        bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_FOWNER"], effective: ["CAP_KILL"],
        inheritable: ["CAP_KILL"], permitted: ["CAP_CHOWN", "CAP_KILL"], ambient: ["CAP_KILL"])
      spec.process?.user = User(uid: 7, gid: 7)
    }
    // A user other than root keeps at its exec what is ambient.
    #expect(
      lines.map { $0.split(separator: "\t").last ?? "" } == [
        "0000000000000020", "0000000000000020", "0000000000000020", "0000000000000029", "0000000000000020", "1",
      ])
  }

  @Test func withoutCapabilitiesThereAreNone() throws {
    let lines = try output("grep -E '^Cap' /proc/self/status") { $0.process?.capabilities = nil }
    #expect(lines.count == 5)
    #expect(lines.allSatisfy { $0.hasSuffix("\t0000000000000000") }, "\(lines)")
  }

  @Test func unknownCapabilitiesAreLeftOutAndLogged() throws {
    let bundle = try TestBundle("grep CapBnd /proc/self/status")
    bundle.spec.process?.capabilities = LinuxCapabilities(bounding: ["CAP_KILL", "CAP_NOPE"])
    let result = try bundle.runContainer()
    #expect(result.output == "CapBnd:\t0000000000000020\n", "\(result)")
    #expect(result.errors == "ignoring unknown capabilities: CAP_NOPE\n")
    // What a log takes is no word of the container's.
    let (log, id) = ("\(bundle.path)/log", bundle.id)
    let logged = try bundle.run("--log", log, "--log-format", "json", "run", "--bundle", bundle.path, id)
    #expect(logged.errors.isEmpty, "\(logged)")
    let start = #"{"level":"warning","msg":"ignoring unknown capabilities: CAP_NOPE""#
    #expect(try HostFiles.readText(log).hasPrefix(start))
  }

  /// The kernel asks the filter before the driver, so a number without one tells by its errno who has answered.
  @Test(arguments: [nil, LinuxResources(), LinuxResources(devices: [LinuxDeviceRule(allow: false, access: "rwm")])])
  func devicesStayShutWithoutARule(_ resources: LinuxResources?) throws {
    let script = "mknod /dev/other c 240 7 && cat /dev/other; cat /dev/null && head -c 1 /dev/zero | wc -c"
    let bundle = try TestBundle(script)
    bundle.spec.linux?.resources = resources
    for set in [\LinuxCapabilities.bounding, \.effective, \.permitted] {
      bundle.spec.process?.capabilities?[keyPath: set].append("CAP_MKNOD")
    }
    let result = try bundle.runContainer()
    #expect(result.output == "1\n", "\(result)")
    #expect(result.errors == "cat: can't open '/dev/other': Operation not permitted\n", "\(result)")

    let open = LinuxDeviceRule(allow: true, type: "c", major: 240, minor: 7, access: "r")
    bundle.spec.linux?.resources = LinuxResources(devices: [open])
    #expect(try bundle.runContainer().errors == "cat: can't open '/dev/other': No such device or address\n")
  }

  @Test func anUpdateLeavesTheDevicesAlone() throws {
    let bundle = try TestBundle("mknod /dev/other c 240 7; sleep 100")
    for set in [\LinuxCapabilities.bounding, \.effective, \.permitted] {
      bundle.spec.process?.capabilities?[keyPath: set].append("CAP_MKNOD")
    }
    #expect(try bundle.runContainer("--detach").code == 0)
    try bundle.write(#"{"devices":[{"allow":true,"access":"rwm"}],"pids":{"limit":19}}"#, to: "limits.json")
    #expect(try bundle.run("update", "-r", "\(bundle.path)/limits.json", bundle.id).code == 0)
    let wait = "while [ ! -e /dev/other ]; do sleep 0.01; done; cat /dev/other"
    #expect(try bundle.run("exec", bundle.id, "sh", "-c", wait).errors.contains("Operation not permitted"))
    #expect(try bundle.cgroupDirectories().contains { (try? HostFiles.readText("\($0)/pids.max")) == "19\n" })
  }

  @Test func nothingIsInheritedThatWasNotGiven() throws {
    let lines = try output("ls /proc/self/fd; env") { $0.process?.env = ["ONLY=this", "PATH=/bin"] }
    // The fourth is the directory that ls reads.
    #expect(Array(lines.prefix(4)) == ["0", "1", "2", "3"])
    #expect(
      lines.dropFirst(4).filter { !$0.hasPrefix("SHLVL=") && !$0.hasPrefix("PWD=") }.sorted() == [
        "HOME=/", "ONLY=this", "PATH=/bin",
      ])
  }

  @Test func devicesAndLinksAreThere() throws {
    let script = """
      for d in null zero full random urandom tty; do stat -c '%n %a %t:%T %F' /dev/$d; done
      for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done
      stat -c '%a %t:%T %u' /dev/custom; echo x > /dev/null
      """
    let lines = try output(script) { spec in
      spec.linux?.devices = [
        LinuxDevice(path: "/dev/custom", type: .character, major: 10, minor: 200, fileMode: 0o640, uid: 3, gid: 4)
      ]
    }
    #expect(lines[0] == "/dev/null 666 1:3 character special file")
    #expect(lines[4] == "/dev/urandom 666 1:9 character special file")
    #expect(
      Array(lines[6...10])
        == ["/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2", "pts/ptmx"])
    #expect(lines[11] == "640 a:c8 3")
  }

  @Test func maskedPathsShowNothingAndReadOnlyPathsRefuseWrites() throws {
    let lines = try output(
      """
      cat /proc/keys | grep -c .; ls /proc/acpi | grep -c .; ls /sys/firmware | grep -c .
      echo 1 > /proc/sys/net/ipv4/ip_forward || echo refused
      touch /sys/x || echo refused
      touch /proc/acpi/x || echo refused; true
      """)
    #expect(lines == ["0", "0", "0", "refused", "refused", "refused"])
  }

  @Test func aReadOnlyRootRefusesWritesAndMountsInItDoNot() throws {
    let lines = try output("touch /x || echo refused; touch /dev/shm/x && echo written") {
      $0.root?.readonly = true
    }
    #expect(lines == ["refused", "written"])
  }

  @Test func parametersAreSet() throws {
    let lines = try output("cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward") {
      $0.linux?.sysctl = ["kernel.msgmax": "4242", "net.ipv4.ip_forward": "1"]
    }
    #expect(lines == ["4242", "1"])
  }

  @Test func theDefaultFilterIsLoadedAndRefusesCalls() throws {
    for noNewPrivileges in [true, false] {
      let lines = try output(
        "grep ^Seccomp: /proc/self/status; unshare -U true 2>/dev/null || echo refused; mount -t proc x /proc 2>/dev/null || echo refused"
      ) {
        $0.process?.noNewPrivileges = noNewPrivileges
        $0.linux?.seccomp = .defaultProfile(capabilities: $0.process?.capabilities?.bounding ?? [])
      }
      #expect(lines == ["Seccomp:\t2", "refused", "refused"])
    }
  }

  @Test func aRuleOfAFilterGivesItsErrno() throws {
    let bundle = try TestBundle("mkdir /tmp/x")
    bundle.spec.linux?.seccomp = LinuxSeccomp(
      defaultAction: .allow, syscalls: [.init(names: ["mkdir", "mkdirat"], action: .errno, errnoRet: 28)])
    #expect(try bundle.runContainer().errors.contains("No space left on device"))
  }

  @Test func limitsAreTheCgroups() throws {
    let bundle = try TestBundle("sleep 100")
    bundle.spec.linux?.resources?.pids = LinuxPids(limit: 17)
    bundle.spec.linux?.resources?.memory = LinuxMemory(limit: 64 << 20)
    #expect(try bundle.runContainer("--detach").code == 0)
    let files = try bundle.cgroupDirectories()
    #expect(files.contains { (try? HostFiles.readText("\($0)/pids.max")) == "17\n" })
    let pid = try bundle.report().pid
    #expect(
      try HostFiles.readText("/proc/\(pid)/cgroup").split(separator: "\n").allSatisfy {
        $0.hasSuffix("/apus-\(bundle.id)/c")
      })
    #expect(try bundle.run("update", "--pids-limit", "19", bundle.id).code == 0)
    #expect(files.contains { (try? HostFiles.readText("\($0)/pids.max")) == "19\n" })
    #expect(try bundle.run("ps", "--format", "json", bundle.id).output == "[\(pid)]\n")
    #expect(try bundle.run("events", "--stats", bundle.id).output.contains("\"limit\":19"))
  }

  @Test func cgroupsInsideShowOnlyTheContainers() throws {
    let lines = try output("cat /proc/self/cgroup; ls -d /sys/fs/cgroup/*/apus-* 2>/dev/null; true")
    #expect(lines.allSatisfy { $0.hasSuffix(":/") })
  }
}
