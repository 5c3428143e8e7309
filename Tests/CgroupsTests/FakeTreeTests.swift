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
