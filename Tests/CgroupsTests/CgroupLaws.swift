import Cgroups
import Glibc
import LinuxKernel
import OCIRuntimeSpec
import TestSupport
import Testing

/// What holds for every cgroup, whichever version the host has: run on the hierarchies that are mounted.
@Suite(.needs(.root, .mountedCgroups), .serialized)
struct CgroupLaws {
  /// The host as it is, the host without its v2 hierarchy, and its v2 hierarchy alone.
  static let hosts = Host.all

  @Test(arguments: hosts) func lifeFromMakingToRemoving(host: Host) throws {
    try host.withCgroup { cgroup in
      #expect(try !cgroup.exists())
      try cgroup.delete()
      try cgroup.create()
      try cgroup.create()
      #expect(try cgroup.exists())
      #expect(try cgroup.processes().isEmpty)
      try cgroup.delete()
      #expect(try !cgroup.exists())
    }
  }

  @Test(arguments: hosts) func killsEveryoneAndThenCanBeRemoved(host: Host) throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      let child = try host.startChild(in: cgroup)
      #expect(try cgroup.processes() == [child.pid])
      try cgroup.killAll()
      #expect(try child.wait() == .signalled(.kill))
      try cgroup.delete()
    }
  }

  @Test(arguments: hosts) func freezesThawsAndKillsTheFrozen(host: Host) throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      let child = try host.startChild(in: cgroup)
      #expect(try !cgroup.isFrozen())
      try cgroup.freeze()
      #expect(try cgroup.isFrozen())
      try cgroup.thaw()
      #expect(try !cgroup.isFrozen())
      try cgroup.freeze()
      try cgroup.killAll()
      #expect(try child.wait() == .signalled(.kill))
    }
  }

  @Test(arguments: hosts) func removalRefusesALivingProcess(host: Host) throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      let child = try host.startChild(in: cgroup)
      #expect { try cgroup.delete() } throws: { "\($0)".contains("still has processes") }
      try cgroup.killAll()
      _ = try child.wait()
    }
  }

  @Test(arguments: hosts) func removesWhatAContainerMadeBelow(host: Host) throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      try host.hierarchy.cgroup(cgroup.path.appending("inner")).create()
      try cgroup.delete()
      #expect(try !cgroup.exists())
    }
  }

  @Test(arguments: hosts) func limitsAreKeptOrRefusedByName(host: Host) throws {
    let limits: [(controller: String, resources: LinuxResources)] = [
      ("pids", LinuxResources(pids: LinuxPids(limit: 50))),
      ("memory", LinuxResources(memory: LinuxMemory(limit: 64 << 20))),
      ("cpu", LinuxResources(cpu: LinuxCPU(shares: 512, quota: 50_000, period: 100_000))),
    ]
    try host.withCgroup { cgroup in
      try cgroup.create()
      let available = try host.hierarchy.availableControllers()
      for (controller, resources) in limits {
        if available.contains(controller) {
          try cgroup.apply(resources)
        } else {
          #expect { try cgroup.apply(resources) } throws: { "\($0)".contains(controller) }
        }
      }
      let statistics = try cgroup.statistics()
      if available.contains("pids") { #expect(statistics.pids?.limit == 50) }
      if available.contains("memory") { #expect(statistics.memory?.limit == 64 << 20) }
      #expect(try cgroup.outOfMemoryKills() == 0)
    }
  }

  /// /dev/null is open and /dev/zero shut; twice, since the second program replaces the first.
  @Test(arguments: hosts) func devicesStayShutThatNoRuleOpens(host: Host) throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      for minor in [5, 3] as [Int64] {
        try cgroup.apply(
          LinuxResources(devices: [LinuxDeviceRule(allow: true, type: "c", major: 1, minor: minor, access: "rw")]))
        let child = try host.startChild(in: cgroup) {
          // What a child may open it says in its exit code; neither call needs a lock.
          unsafe (open("/dev/null", O_RDONLY) >= 0 ? 1 : 0) + (open("/dev/zero", O_RDONLY) >= 0 ? 2 : 0)
        }
        let opened = try child.wait()
        #expect(opened == .exited(minor == 3 ? 1 : 2))
      }
    }
  }

  @Test(arguments: hosts) func noLimitNeedsNoController(host: Host) throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      try cgroup.apply(LinuxResources())
      try cgroup.apply(LinuxResources(pids: LinuxPids(limit: 0)))
    }
  }
}

/// What only version 2 with controllers does: on the emulated machine.
@Suite(.enabled(if: Host.isVersion2, "the host's controllers are on cgroup v1"), .needs(.root), .serialized)
struct Version2Tests {
  let host = Host.all[0]

  /// The kernel hands no controller down from a cgroup that has processes.
  @Test func belowOneWithProcessesOnlyALimitIsRefused() throws {
    try host.withCgroup { parent in
      try parent.create()
      let child = try host.startChild(in: parent)
      let cgroup = host.hierarchy.cgroup(try parent.path.appending("below"))
      try cgroup.create()
      try cgroup.apply(LinuxResources(memory: LinuxMemory(limit: -1), pids: LinuxPids(limit: -1)))
      #expect { try cgroup.apply(LinuxResources(memory: LinuxMemory(limit: 64 << 20))) } throws: {
        "\($0)".contains("a memory limit") && "\($0)".contains("no processes of its own")
      }
      try parent.killAll()
      _ = try child.wait()
    }
  }
}

/// What only version 1 does, on the host's own controllers.
@Suite(.enabled(if: Host.hasVersion1, "the host has no cgroup v1"), .needs(.root, .mountedCgroups), .serialized)
struct Version1Tests {
  let host = Host.all[0]

  @Test func joiningMovesTheCallingThread() throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      let lines = try onThreadOfItsOwn {
        try cgroup.join(afterClone: true)
        return try HostFiles.readText("/proc/thread-self/cgroup")
      }
      for hierarchy in host.hierarchy.version1 {
        #expect(lines.contains(":\(hierarchy.mountOption):\(cgroup.path)\n"))
      }
    }
  }

  @Test func memoryLimitsChangeUpwardsAndDownwards() throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      let hasSwap = try host.value("memory.memsw.limit_in_bytes", of: cgroup, "memory") != nil
      for size in [64, 256, 32] as [Int64] {
        try cgroup.apply(
          LinuxResources(memory: LinuxMemory(limit: size << 20, swap: hasSwap ? size << 21 : nil)))
        #expect(try host.value("memory.limit_in_bytes", of: cgroup, "memory") == "\(size << 20)")
        if hasSwap { #expect(try host.value("memory.memsw.limit_in_bytes", of: cgroup, "memory") == "\(size << 21)") }
      }
    }
  }

  @Test func aLimitBelowTheUseSaysHowMuchIsUsed() throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      let child = try host.startChild(in: cgroup)
      let used = try #require(cgroup.statistics().memory).usage
      if used > 4096 {
        let limit = LinuxMemory(limit: 4096, checkBeforeUpdate: true)
        #expect { try cgroup.apply(LinuxResources(memory: limit)) } throws: { "\($0)".contains("are in use") }
      }
      try cgroup.killAll()
      _ = try child.wait()
    }
  }

  @Test func devicesStayShutThatNoRuleOpens() throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      try cgroup.apply(
        LinuxResources(devices: [
          LinuxDeviceRule(allow: false, access: "rwm"),
          LinuxDeviceRule(allow: true, type: "c", major: 1, minor: 3, access: "rwm"),
          LinuxDeviceRule(allow: true, type: "c", major: 5, access: "mr"),
        ]))
      let list = try host.value("devices.list", of: cgroup, "devices")
      #expect(list == "c 1:3 rwm\nc 5:* rm")
    }
  }

  @Test func unifiedFilesAreRefused() throws {
    try host.withCgroup { cgroup in
      try cgroup.create()
      #expect { try cgroup.apply(LinuxResources(unified: ["memory.high": "1"])) } throws: {
        "\($0)".contains("memory.high")
      }
    }
  }
}
