import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// The cpuset controller of version 1. cpuset(7).
enum V1Cpuset {
  private static let files = ["cpuset.cpus", "cpuset.mems"]

  static func apply(_ cpu: LinuxCPU, to cgroup: V1Cgroup) throws {
    if !cpu.cpus.isEmpty {
      try cgroup.require("cpuset", for: "the processors of a cpuset").write(cpu.cpus, to: "cpuset.cpus")
    }
    if !cpu.mems.isEmpty {
      try cgroup.require("cpuset", for: "the memory nodes of a cpuset").write(cpu.mems, to: "cpuset.mems")
    }
  }

  /// A new cpuset has neither processors nor memory and takes nobody in: it gets its parent's. `clone_children` makes
  /// the kernel do that by itself for the cgroups below, which saves each container's start four calls.
  static func inherit(from parent: CgroupDirectory, to child: CgroupDirectory) throws {
    try child.write("1", to: "cgroup.clone_children")
    for file in files {
      if let own = try child.read(file), own.contains(where: { $0.isNumber }) { continue }
      guard let value = try parent.read(file) else { throw missingController("cpuset", for: file) }
      try child.write(value.filter { !$0.isWhitespace }, to: file)
    }
  }
}
