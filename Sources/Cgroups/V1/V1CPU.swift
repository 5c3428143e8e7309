import Glibc
import LinuxKernel
import OCIRuntimeSpec

/// The cpu and cpuacct controllers of version 1. The kernel's sched-bwc.rst and cpuacct.rst.
enum V1CPU {
  static func apply(_ cpu: LinuxCPU, to cgroup: V1Cgroup) throws {
    if let shares = cpu.shares, shares != 0 {
      try cgroup.require("cpu", for: "cpu shares").write(shares, to: "cpu.shares")
    }
    try applyBandwidth(cpu, to: cgroup)
    if let burst = cpu.burst {
      try cgroup.require("cpu", for: "a cpu burst").write(burst, to: "cpu.cfs_burst_us")
    }
    if let period = cpu.realtimePeriod, period != 0 {
      try cgroup.require("cpu", for: "a realtime period").write(period, to: "cpu.rt_period_us")
    }
    if let runtime = cpu.realtimeRuntime, runtime != 0 {
      try cgroup.require("cpu", for: "a realtime runtime").write(runtime, to: "cpu.rt_runtime_us")
    }
    if let idle = cpu.idle {
      try cgroup.require("cpu", for: "cpu idle").write(idle, to: "cpu.idle")
    }
  }

  /// The kernel checks each write against the other value, so a change of both may fit in one order only.
  private static func applyBandwidth(_ cpu: LinuxCPU, to cgroup: V1Cgroup) throws {
    let quota = cpu.quota.flatMap { $0 == 0 ? nil : max($0, -1) }
    let period = cpu.period.flatMap { $0 == 0 ? nil : $0 }
    guard quota != nil || period != nil else { return }
    let directory = try cgroup.require("cpu", for: "a cpu quota")
    if let period {
      do {
        try directory.attempt(period, to: "cpu.cfs_period_us")
      } catch {
        guard error.errno == EINVAL, let quota else { throw directory.explain(error, "cpu.cfs_period_us", period) }
        try directory.write(quota, to: "cpu.cfs_quota_us")
        return try directory.write(period, to: "cpu.cfs_period_us")
      }
    }
    if let quota { try directory.write(quota, to: "cpu.cfs_quota_us") }
  }

  static func statistics(_ cgroup: V1Cgroup) throws -> CgroupStatistics.CPU? {
    guard let accounting = cgroup.directory(of: "cpuacct"), let total = try accounting.number("cpuacct.usage") else {
      return nil
    }
    var cpu = CgroupStatistics.CPU()
    cpu.total = total
    // In ticks, of which there are 100 in a second for all programs.
    let ticks = try accounting.table("cpuacct.stat") ?? [:]
    cpu.user = (ticks["user"] ?? 0) * 10_000_000
    cpu.system = (ticks["system"] ?? 0) * 10_000_000
    cpu.byProcessor = try accounting.read("cpuacct.usage_percpu")?.split(separator: " ").compactMap { UInt64($0) } ?? []
    let throttling = try cgroup.directory(of: "cpu")?.table("cpu.stat") ?? [:]
    cpu.periods = throttling["nr_periods"] ?? 0
    cpu.throttledPeriods = throttling["nr_throttled"] ?? 0
    cpu.throttledTime = throttling["throttled_time"] ?? 0
    return cpu
  }
}
