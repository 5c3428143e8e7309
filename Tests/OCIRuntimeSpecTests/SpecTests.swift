import OCIRuntimeSpec
import Testing

@Suite struct SpecTests {
  /// Every property once, so that none is forgotten in reading or writing.
  private static let full = Spec(
    process: Process(
      args: ["a"], env: ["b=c"], cwd: "/d", user: User(uid: 1, gid: 2, umask: 0o27, additionalGids: [3]),
      terminal: true, consoleSize: ConsoleSize(height: 4, width: 5),
      capabilities: LinuxCapabilities(
        bounding: ["CAP_CHOWN"], effective: ["CAP_KILL"], inheritable: ["CAP_BPF"], permitted: ["CAP_FOWNER"],
        ambient: ["CAP_SETUID"]),
      rlimits: [POSIXRlimit(type: "RLIMIT_NOFILE", soft: 1, hard: .max)], noNewPrivileges: true,
      apparmorProfile: "p", oomScoreAdj: -5, scheduler: Scheduler(policy: "SCHED_BATCH", nice: -3),
      selinuxLabel: "l", ioPriority: IOPriority(class: .idle, priority: 7),
      execCPUAffinity: CPUAffinity(initial: "0", final: "1")),
    root: Root(path: "r", readonly: true), hostname: "h", domainname: "d",
    mounts: [
      SpecMount(
        destination: "/m", type: "bind", source: "/s", options: ["rbind"],
        uidMappings: [IDMapping(containerID: 0, hostID: 1, size: 2)],
        gidMappings: [IDMapping(containerID: 3, hostID: 4, size: 5)])
    ],
    hooks: Hooks(poststop: [Hook(path: "/x", args: ["x"], env: ["y=z"], timeout: 9)]),
    annotations: ["k": "v", "empty": ""],
    linux: Linux(
      namespaces: LinuxNamespace.Kind.allCases.map { LinuxNamespace(type: $0, path: "/p") },
      uidMappings: [IDMapping(containerID: 0, hostID: 100_000, size: 65_536)],
      gidMappings: [IDMapping(containerID: 0, hostID: 100_000, size: 65_536)],
      devices: [
        LinuxDevice(path: "/dev/x", type: .block, major: 8, minor: 1, fileMode: 0o600, uid: 1, gid: 2)
      ],
      cgroupsPath: "/c",
      resources: LinuxResources(
        devices: [LinuxDeviceRule(allow: false, type: "c", major: 1, minor: 0, access: "rwm")],
        memory: LinuxMemory(
          limit: -1, reservation: 2, swap: 3, swappiness: 0, disableOOMKiller: false, checkBeforeUpdate: true),
        cpu: LinuxCPU(
          shares: 1, quota: -1, burst: 2, period: 3, realtimeRuntime: 4, realtimePeriod: 5, cpus: "0", mems: "0",
          idle: 1),
        pids: LinuxPids(limit: 0),
        blockIO: LinuxBlockIO(
          weight: 10, weightDevice: [.init(major: 8, minor: 0, weight: 1)],
          throttleReadBpsDevice: [.init(major: 8, minor: 0, rate: 2)]),
        hugepageLimits: [LinuxHugepageLimit(pageSize: "2MB", limit: 3)],
        network: LinuxNetwork(classID: 0, priorities: [.init(name: "eth0", priority: 0)]),
        rdma: ["mlx5_1": LinuxRdma(hcaHandles: 0)], unified: ["memory.high": "1"]),
      rootfsPropagation: .rslave,
      seccomp: LinuxSeccomp(
        defaultAction: .errno, defaultErrnoRet: 0, architectures: [.x86_64], flags: [],
        syscalls: [
          .init(
            names: ["clone"], action: .allow,
            args: [.init(index: 0, value: .max, valueTwo: 1, op: .maskedEqual)])
        ]),
      sysctl: ["net.ipv4.ip_forward": "1"], maskedPaths: ["/a"], readonlyPaths: ["/b"], mountLabel: "m",
      personality: Personality(domain: .linux32), timeOffsets: ["boottime": LinuxTimeOffset(secs: -1, nanosecs: 2)]))

  @Test(arguments: [false, true])
  func everyPropertySurvivesWritingAndReading(indented: Bool) throws {
    #expect(try Spec(json: Self.full.json(indented: indented)) == Self.full)
  }

  @Test func theExampleIsValid() throws {
    #expect(try Spec(json: Spec.example.json()) == .example)
  }

  @Test func whatIsUnsetIsNotWritten() {
    let spec = Spec(process: Process(args: ["true"]), root: Root(path: "rootfs"))
    let text =
      #"{"ociVersion":"1.2.0","process":{"user":{"uid":0,"gid":0},"args":["true"],"cwd":"/"},"#
      + #""root":{"path":"rootfs"}}"#
    #expect(String(decoding: spec.json(), as: UTF8.self) == text)
  }

  @Test func noFlagsAndEmptyFlagsOfSeccompDiffer() throws {
    let absent = try LinuxSeccomp(json: Array(#"{"defaultAction":"SCMP_ACT_ALLOW"}"#.utf8))
    let empty = try LinuxSeccomp(json: Array(#"{"defaultAction":"SCMP_ACT_ALLOW","flags":[]}"#.utf8))
    #expect(absent.flags == nil)
    #expect(empty.flags == [])
  }

  @Test(arguments: [
    (#"{"namespaces":[{"type":"nope"}]}"#, "namespaces[0].type"),
    (#"{"rootfsPropagation":"nope"}"#, "rootfsPropagation"),
    (#"{"seccomp":{"defaultAction":"nope"}}"#, "seccomp.defaultAction"),
    (#"{"devices":[{"path":"/dev/x","type":"x"}]}"#, "devices[0].type"),
  ])
  func unknownWordsAreRefused(_ text: String, _ path: String) {
    let error = #expect(throws: JSONError.self) { try Linux(json: Array(text.utf8)) }
    #expect(error?.path == path)
  }

  @Test func propertiesThatAreNotProvidedAreRemembered() throws {
    let linux = try Linux(json: Array(#"{"intelRdt":{},"netDevices":{"eth0":{}},"rootfsPropagation":""}"#.utf8))
    #expect(linux.unsupported.names == ["intelRdt", "netDevices"])
    #expect(linux.rootfsPropagation == nil)
  }
}
