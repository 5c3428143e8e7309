import Glibc
import LinuxKernel
import OCIRuntimeSpec

/// The cpu controller of version 2.
enum V2CPU {
  static func apply(_ cpu: LinuxCPU, to cgroup: V2Cgroup) throws {
    // Idle goes first: a weight is refused while it is on.
    if let idle = cpu.idle { try cgroup.write(idle, to: "cpu.idle", for: "cpu idle") }
    if let shares = cpu.shares, shares != 0 {
      try cgroup.write(weight(shares: shares), to: "cpu.weight", for: "cpu shares")
    }
    try applyBandwidth(cpu, to: cgroup)
    if let burst = cpu.burst { try cgroup.write(burst, to: "cpu.max.burst", for: "a cpu burst") }
    if let runtime = cpu.realtimeRuntime, runtime != 0 {
      throw missingController("realtime cpu", for: "a realtime runtime on cgroup v2")
    }
    if let period = cpu.realtimePeriod, period != 0 {
      throw missingController("realtime cpu", for: "a realtime period on cgroup v2")
    }
  }

  /// One file holds quota and period: "max 100000". A period alone keeps the quota.
  private static func applyBandwidth(_ cpu: LinuxCPU, to cgroup: V2Cgroup) throws {
    let quota = cpu.quota.flatMap { $0 == 0 ? nil : $0 < 0 ? "max" : "\($0)" }
    let period = cpu.period.flatMap { $0 == 0 ? nil : $0 }
    switch (quota, period) {
    case (nil, nil): return
    case (let quota?, nil): try cgroup.write(quota, to: "cpu.max", for: "a cpu quota")
    case (let quota?, let period?): try cgroup.write("\(quota) \(period)", to: "cpu.max", for: "a cpu quota")
    case (nil, let period?):
      let now = try cgroup.directory.read("cpu.max")?.split(separator: " ").first ?? "max"
      try cgroup.write("\(now) \(period)", to: "cpu.max", for: "a cpu period")
    }
  }

  /// The weight, 1 to 10,000, for shares, 2 to 262,144: a curve through (2, 1), (1024, 100) and (262144, 10000), so
  /// that the normal value of one scale is that of the other.
  static func weight(shares: UInt64) -> UInt64 {
    if shares <= 2 { return 1 }
    if shares >= 262_144 { return 10_000 }
    // With x = log2(shares), from 1 through 10 to 18, the exponent of ten is 0, 2 and 4.
    let x = log2(Double(shares))
    let exponent = (x * x + 125 * x) / 612 - 7.0 / 34
    return min(max(UInt64(ceil(pow(10, exponent))), 1), 10_000)
  }

  static func statistics(_ directory: CgroupDirectory) throws -> CgroupStatistics.CPU? {
    guard let table = try directory.table("cpu.stat"), let total = table["usage_usec"] else { return nil }
    var cpu = CgroupStatistics.CPU()
    cpu.total = total * 1000
    cpu.user = (table["user_usec"] ?? 0) * 1000
    cpu.system = (table["system_usec"] ?? 0) * 1000
    cpu.periods = table["nr_periods"] ?? 0
    cpu.throttledPeriods = table["nr_throttled"] ?? 0
    cpu.throttledTime = (table["throttled_usec"] ?? 0) * 1000
    return cpu
  }
}
