import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// The memory controller of version 2.
enum V2Memory {
  static func apply(_ memory: LinuxMemory, to cgroup: V2Cgroup) throws {
    let limit = memory.limit.flatMap { $0 == 0 ? nil : $0 }
    if let limit, memory.checkBeforeUpdate == true { try checkUsage(cgroup.directory, limit) }
    // Swap first: a smaller limit of memory could otherwise push what it forbids into swap.
    if let swap = try swapLimit(memory) {
      try write(swap, to: "memory.swap.max", for: "a limit of memory and swap", of: cgroup)
    }
    if let limit { try write(text(limit), to: "memory.max", for: "a memory limit", of: cgroup) }
    if let reservation = memory.reservation, reservation != 0 {
      try cgroup.write(text(reservation), to: "memory.low", for: "a memory reservation")
    }
    if memory.kernel ?? 0 > 0 { throw absent("a kernel memory limit") }
    if memory.kernelTCP ?? 0 > 0 { throw absent("a kernel TCP limit") }
    if memory.swappiness != nil { throw absent("swappiness") }
    if memory.disableOOMKiller == true { throw absent("no OOM killer") }
    if memory.useHierarchy == false { throw absent("memory limits without hierarchy") }
  }

  /// No limit is what a host without the file gives anyway: one that does not account for swap, or no controller.
  private static func write(_ value: String, to file: String, for limit: String, of cgroup: V2Cgroup) throws {
    if value == "max", try cgroup.directory.read(file) == nil { return }
    try cgroup.write(value, to: file, for: limit)
  }

  /// The spec counts memory and swap together, version 2 swap alone.
  static func swapLimit(_ memory: LinuxMemory) throws(ClassifiedError) -> String? {
    switch memory.swap ?? 0 {
    case 0: return memory.limit == -1 ? "max" : nil
    case ..<0: return "max"
    case let total:
      guard let limit = memory.limit, limit > 0 else {
        throw ClassifiedError(.invalid, "a limit of memory and swap needs a limit of memory")
      }
      guard total >= limit else {
        throw ClassifiedError(.invalid, "the limit of memory and swap, \(total), is below that of memory, \(limit)")
      }
      return "\(total - limit)"
    }
  }

  private static func text(_ bytes: Int64) -> String { bytes < 0 ? "max" : "\(bytes)" }

  private static func absent(_ limit: String) -> ClassifiedError {
    ClassifiedError(.unsupported, "cannot set \(limit): cgroup v2 does not have it")
  }

  private static func checkUsage(_ directory: CgroupDirectory, _ limit: Int64) throws {
    guard limit > 0, let usage = try directory.number("memory.current"), usage > UInt64(limit) else { return }
    throw inUse(usage, limit, directory)
  }

  /// The kernel kills whoever does not fit into a smaller limit. Only the file cache and what it can shrink of its own
  /// make room by themselves. cgroup-v2.rst, memory.max.
  static func checkRoom(_ directory: CgroupDirectory, _ limit: Int64) throws {
    guard limit > 0, let usage = try directory.number("memory.current"), usage > UInt64(limit) else { return }
    let details = try directory.table("memory.stat") ?? [:]
    let spare = ["active_file", "inactive_file", "slab_reclaimable"].reduce(0) { $0 + (details[$1] ?? 0) }
    guard usage - min(usage, spare) > UInt64(limit) else { return }
    throw inUse(usage, limit, directory)
  }

  private static func inUse(_ usage: UInt64, _ limit: Int64, _ directory: CgroupDirectory) -> ClassifiedError {
    ClassifiedError(
      .conflict, "cannot limit memory to \(limit) bytes: \(usage) are in use", object: directory.path,
      advice: "choose a higher limit")
  }

  static func statistics(_ directory: CgroupDirectory) throws -> CgroupStatistics.Memory? {
    guard let usage = try directory.number("memory.current") else { return nil }
    var memory = CgroupStatistics.Memory()
    memory.usage = usage
    memory.peak = try directory.number("memory.peak")
    memory.limit = try directory.number("memory.max")
    memory.swapUsage = try directory.number("memory.swap.current")
    memory.failures = try directory.table("memory.events")?["max"] ?? 0
    memory.details = try directory.table("memory.stat") ?? [:]
    return memory
  }
}
