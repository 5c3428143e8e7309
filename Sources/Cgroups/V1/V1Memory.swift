import Diagnostics
import Glibc
import LinuxKernel
import OCIRuntimeSpec

/// The memory controller of version 1. The kernel's cgroup-v1/memory.rst.
enum V1Memory {
  private static let (limitFile, swapFile) = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")

  static func apply(_ memory: LinuxMemory, to cgroup: V1Cgroup) throws {
    try applyLimits(memory, to: cgroup)
    if let reservation = memory.reservation, reservation != 0 {
      try cgroup.require("memory", for: "a memory reservation").write(reservation, to: "memory.soft_limit_in_bytes")
    }
    if let kernel = memory.kernel, kernel != 0 {
      try cgroup.require("memory", for: "a kernel memory limit").write(kernel, to: "memory.kmem.limit_in_bytes")
    }
    if let tcp = memory.kernelTCP, tcp != 0 {
      try cgroup.require("memory", for: "a kernel TCP limit").write(tcp, to: "memory.kmem.tcp.limit_in_bytes")
    }
    if let swappiness = memory.swappiness {
      try cgroup.require("memory", for: "swappiness").write(swappiness, to: "memory.swappiness")
    }
    if let disable = memory.disableOOMKiller { try applyKiller(isOff: disable, to: cgroup) }
    if memory.useHierarchy == false {
      throw ClassifiedError(
        .unsupported, "cannot switch the hierarchy of memory limits off", object: cgroup.path.description)
    }
  }

  /// It is on unless somebody has switched it off.
  private static func applyKiller(isOff: Bool, to cgroup: V1Cgroup) throws {
    let file = "memory.oom_control"
    if isOff { return try cgroup.require("memory", for: "no OOM killer").write("1", to: file) }
    guard let directory = cgroup.directory(of: "memory") else { return }
    if try directory.table(file)?["oom_kill_disable"] == 1 { try directory.write("0", to: file) }
  }

  /// The limit of memory must not exceed that of memory and swap at any moment. In a new cgroup both are open, so the
  /// one for memory goes first; a later change upwards needs the other order.
  private static func applyLimits(_ memory: LinuxMemory, to cgroup: V1Cgroup) throws {
    let limit = memory.limit.flatMap { $0 == 0 ? nil : $0 }
    var swap = memory.swap.flatMap { $0 == 0 ? nil : $0 }
    // Memory without a limit cannot stand beside a limit of memory and swap.
    if limit == -1 && swap == nil { swap = -1 }
    guard limit != nil || swap != nil else { return }
    guard let directory = cgroup.directory(of: "memory") else {
      if limit ?? -1 == -1 && swap ?? -1 == -1 { return }
      throw missingController("memory", for: "a memory limit")
    }
    if let limit, memory.checkBeforeUpdate == true { try checkUsage(directory, limit) }
    guard let limit else {
      if let swap { try directory.write(swap, to: swapFile) }
      return
    }
    do {
      try directory.attempt(limit, to: limitFile)
    } catch {
      if error.errno == EINVAL, let swap {
        try writeSwap(swap, memory, directory)
        return try directory.write(limit, to: limitFile)
      }
      if error.errno == EBUSY { try checkUsage(directory, limit) }
      throw directory.explain(error, limitFile, limit)
    }
    if let swap { try writeSwap(swap, memory, directory) }
  }

  /// A host without accounting of swap has no file for it. No limit is what it gives anyway.
  private static func writeSwap(_ swap: Int64, _ memory: LinuxMemory, _ directory: CgroupDirectory) throws {
    if swap == -1, try directory.read(swapFile) == nil { return }
    try directory.write(swap, to: swapFile)
  }

  private static func checkUsage(_ directory: CgroupDirectory, _ limit: Int64) throws {
    guard limit > 0, let usage = try directory.number("memory.usage_in_bytes"), usage > UInt64(limit) else { return }
    throw ClassifiedError(
      .conflict, "cannot limit memory to \(limit) bytes: \(usage) are in use", object: directory.path,
      advice: "choose a higher limit")
  }

  static func statistics(_ cgroup: V1Cgroup) throws -> CgroupStatistics.Memory? {
    guard let directory = cgroup.directory(of: "memory"), let usage = try directory.number("memory.usage_in_bytes")
    else { return nil }
    var memory = CgroupStatistics.Memory()
    memory.usage = usage
    memory.peak = try directory.number("memory.max_usage_in_bytes")
    // Without a limit the file holds the greatest number of pages.
    memory.limit = try directory.number(limitFile).flatMap { $0 >= 1 << 62 ? nil : $0 }
    memory.failures = try directory.number("memory.failcnt") ?? 0
    memory.details = try directory.table("memory.stat") ?? [:]
    memory.swapUsage = memory.details["total_swap"] ?? memory.details["swap"]
    return memory
  }
}
