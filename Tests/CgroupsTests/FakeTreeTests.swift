import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec
import Testing

/// What is written to cgroup v2 with all its controllers, in a tree of plain files.
@Suite struct FakeTreeTests {
  @Test func limitsOfVersion2AreWrittenToItsFiles() throws {
    let files = [
      "cpu.weight", "cpu.max", "cpuset.cpus", "memory.max", "memory.swap.max", "memory.low", "pids.max",
      "io.bfq.weight",
      "io.max",
    ]
    try withTree(files) { cgroup, tree in
      try cgroup.apply(
        LinuxResources(
          memory: LinuxMemory(limit: 1 << 20, reservation: 4096, swap: 3 << 20),
          cpu: LinuxCPU(shares: 1024, quota: 20_000, period: 50_000, cpus: "0-1"),
          pids: LinuxPids(limit: -1),
          blockIO: LinuxBlockIO(
            weight: 300, throttleReadBpsDevice: [LinuxBlockIO.ThrottleDevice(major: 8, minor: 0, rate: 1024)])))
      let written = try files.map(tree.read)
      #expect(
        written == [
          "100", "20000 50000", "0-1", "1048576", "2097152", "4096", "max", "default 300", "8:0 rbps=1024",
        ])
    }
  }

  @Test func noLimitOfMemoryNeedsNoFile() throws {
    try withTree([]) { cgroup, _ in
      try cgroup.apply(LinuxResources(memory: LinuxMemory(limit: -1)))
      try cgroup.apply(LinuxResources(memory: LinuxMemory(swap: -1)))
    }
    try withTree(["memory.max"]) { cgroup, tree in
      try cgroup.apply(LinuxResources(memory: LinuxMemory(limit: 4096, swap: -1)))
      #expect(try tree.read("memory.max") == "4096")
    }
  }

  @Test func statisticsOfVersion2AreRead() throws {
    let contents = [
      "cpu.stat": "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 1\nthrottled_usec 5\n",
      "memory.current": "5000\n", "memory.max": "max\n", "memory.stat": "anon 1000\ninactive_file 2000\n",
      "memory.events": "low 0\nmax 3\noom 1\noom_kill 2\n", "pids.current": "7\n", "pids.max": "100\n",
      "io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n",
    ]
    try withTree(contents.keys.sorted()) { cgroup, files in
      for (file, text) in contents { try HostFiles.replace("\(files.directory)/\(file)", with: Array(text.utf8)) }
      let statistics = try cgroup.statistics()
      #expect(statistics.cpu?.total == 30_000 && statistics.cpu?.throttledTime == 5000)
      #expect(statistics.memory?.usageWithoutInactiveCache == 3000)
      #expect(statistics.memory?.limit == nil && statistics.memory?.failures == 3)
      #expect(statistics.pids?.current == 7 && statistics.pids?.limit == 100)
      #expect(statistics.devices?.first?.writtenBytes == 20)
      #expect(try cgroup.outOfMemoryKills() == 2)
    }
  }

  /// Plain files are not shortened by a write: the values have one length.
  private static let before = [
    "memory.max": "5000", "memory.swap.max": "700", "memory.current": "100", "pids.max": "20", "cpu.max": "max 100000",
    "io.max": "8:0 rbps=max wbps=max riops=max wiops=max",
  ]

  private func withLimits(_ body: (any Cgroup, Tree) throws -> Void) throws {
    try withTree(Self.before.keys.sorted()) { cgroup, tree in
      for (file, text) in Self.before { try HostFiles.replace("\(tree.directory)/\(file)", with: Array(text.utf8)) }
      try body(cgroup, tree)
    }
  }

  @Test func aChangeThatFailsLeavesEverythingAsItWas() throws {
    try withLimits { cgroup, tree in
      let change = LinuxResources(
        memory: LinuxMemory(limit: 6000, swap: 6800), cpu: LinuxCPU(cpus: "0"), pids: LinuxPids(limit: 30))
      #expect { _ = try cgroup.change(change) } throws: { "\($0)".contains("the processors of a cpuset") }
      try tree.expect(Self.before)
    }
  }

  @Test func aChangeCanBeTakenBack() throws {
    try withLimits { cgroup, tree in
      let rate = LinuxBlockIO(throttleReadBpsDevice: [.init(major: 8, minor: 0, rate: 512)])
      let change = try cgroup.change(
        LinuxResources(memory: LinuxMemory(limit: 6000, swap: 6800), pids: LinuxPids(limit: 30), blockIO: rate))
      #expect(try tree.read("memory.max") == "6000" && tree.read("memory.swap.max") == "800")
      #expect(try tree.read("pids.max") == "30" && tree.read("io.max").hasPrefix("8:0 rbps=512"))
      try change.undo()
      try tree.expect(Self.before)
    }
  }

  /// The kernel would kill for it: only the file cache makes room by itself.
  @Test(arguments: [("inactive_file 1000\n", false), ("inactive_file 2500\nactive_file 1500\n", true)])
  func aLimitBelowWhatIsInUse(_ statistics: String, _ isPossible: Bool) throws {
    try withLimits { cgroup, tree in
      try HostFiles.replace("\(tree.directory)/memory.current", with: Array("5000".utf8))
      try HostFiles.replace("\(tree.directory)/memory.stat", with: Array(statistics.utf8))
      let limit = LinuxResources(memory: LinuxMemory(limit: 2000))
      if isPossible {
        _ = try cgroup.change(limit)
      } else {
        #expect { _ = try cgroup.change(limit) } throws: { "\($0)".contains("5000 are in use") }
      }
      #expect(try tree.read("memory.max") == (isPossible ? "2000" : "5000"))
    }
  }

  @Test(arguments: [
    (LinuxResources(memory: LinuxMemory(limit: 4096)), "a memory limit"),
    (LinuxResources(memory: LinuxMemory(swappiness: 10)), "swappiness"),
    (LinuxResources(pids: LinuxPids(limit: 1)), "a limit of processes"),
    (LinuxResources(network: LinuxNetwork(classID: 1)), "network classes"),
    (LinuxResources(unified: ["cgroup.procs": "1"]), "cgroup.procs"),
    (LinuxResources(unified: ["../memory.max": "1"]), "no limit of a cgroup"),
  ])
  func limitsThatCannotBeKeptAreNamed(resources: LinuxResources, limit: String) throws {
    try withTree([]) { cgroup, _ in
      #expect { try cgroup.apply(resources) } throws: { "\($0)".contains(limit) }
    }
  }

  /// The directory of the one cgroup.
  private struct Tree {
    let directory: String

    func read(_ file: String) throws -> String { try HostFiles.readText("\(directory)/\(file)") }

    func expect(_ contents: [String: String]) throws {
      for (file, text) in contents { #expect(try read(file) == text, "\(file)") }
    }
  }

  /// Runs `body` with a cgroup of version 2 in a temporary directory, whose control files are empty.
  private func withTree(_ files: [String], _ body: (any Cgroup, Tree) throws -> Void) throws {
    let root = "/tmp/apus-test-cgroups-\(try randomHexadecimal(bytes: 6))"
    try HostFiles.makeDirectories("\(root)/apus/c1")
    defer { #expect(throws: Never.self) { try HostFiles.removeTree(root) } }
    let directory = "\(root)/apus/c1"
    for file in files + ["cgroup.controllers"] { try HostFiles.replace("\(directory)/\(file)", with: []) }
    let cgroup = CgroupHierarchy(version1: [], unified: root).cgroup(try CgroupPath("/apus/c1"))
    try cgroup.create()
    try body(cgroup, Tree(directory: directory))
  }
}
