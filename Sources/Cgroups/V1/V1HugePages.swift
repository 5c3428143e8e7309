import LinuxKernel
import OCIRuntimeSpec

/// The hugetlb controller of version 1. The kernel's cgroup-v1/hugetlb.rst.
enum V1HugePages {
  static func apply(_ limits: [LinuxHugepageLimit], to cgroup: V1Cgroup) throws {
    for limit in limits {
      try cgroup.require("hugetlb", for: "a limit of huge pages")
        .write(limit.limit, to: "hugetlb.\(try limit.checkedPageSize).limit_in_bytes")
    }
  }
}
