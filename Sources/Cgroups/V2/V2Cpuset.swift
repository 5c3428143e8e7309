import OCIRuntimeSpec

/// The cpuset controller of version 2. A new cgroup has its parent's processors and memory.
enum V2Cpuset {
  static func apply(_ cpu: LinuxCPU, to cgroup: V2Cgroup) throws {
    if !cpu.cpus.isEmpty { try cgroup.write(cpu.cpus, to: "cpuset.cpus", for: "the processors of a cpuset") }
    if !cpu.mems.isEmpty { try cgroup.write(cpu.mems, to: "cpuset.mems", for: "the memory nodes of a cpuset") }
  }
}
