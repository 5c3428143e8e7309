import LinuxKernel
import OCIRuntimeSpec

/// The pids controller of version 2.
enum V2Pids {
  static func apply(_ pids: LinuxPids, to cgroup: V2Cgroup) throws {
    guard let limit = pids.limit, limit != 0 else { return }
    // Without a limit nothing is lost where there is no controller.
    if limit < 0, try cgroup.directory.read("pids.max") == nil { return }
    try cgroup.write(limit < 0 ? "max" : "\(limit)", to: "pids.max", for: "a limit of processes")
  }

  static func statistics(_ directory: CgroupDirectory) throws -> CgroupStatistics.Pids? {
    guard let current = try directory.number("pids.current") else { return nil }
    return CgroupStatistics.Pids(current: current, limit: try directory.number("pids.max"))
  }
}
