import LinuxKernel
import OCIRuntimeSpec

/// The net_cls and net_prio controllers, which only version 1 has. The kernel's cgroup-v1/net_cls.rst, net_prio.rst.
enum V1Network {
  static func apply(_ network: LinuxNetwork, to cgroup: V1Cgroup) throws {
    if let classID = network.classID {
      try cgroup.require("net_cls", for: "a network class").write(classID, to: "net_cls.classid")
    }
    if !network.priorities.isEmpty {
      let lines = network.priorities.map { "\($0.name) \($0.priority)" }
      try cgroup.require("net_prio", for: "network priorities").write(lines: lines, to: "net_prio.ifpriomap")
    }
  }
}
