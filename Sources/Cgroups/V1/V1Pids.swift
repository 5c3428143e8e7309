import LinuxKernel
import OCIRuntimeSpec

/// The pids controller of version 1. The kernel's cgroup-v1/pids.rst.
enum V1Pids {
  static func apply(_ pids: LinuxPids, to cgroup: V1Cgroup) throws {
    guard let limit = pids.limit, limit != 0 else { return }
    guard let directory = cgroup.directory(of: "pids") else {
      if limit < 0 { return }
      throw missingController("pids", for: "a limit of processes")
    }
    try directory.write(limit < 0 ? "max" : "\(limit)", to: "pids.max")
  }

  static func statistics(_ cgroup: V1Cgroup) throws -> CgroupStatistics.Pids? {
    guard let directory = cgroup.directory(of: "pids"), let current = try directory.number("pids.current") else {
      return nil
    }
    return CgroupStatistics.Pids(current: current, limit: try directory.number("pids.max"))
  }
}
