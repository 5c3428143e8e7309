import LinuxKernel
import OCIRuntimeSpec

/// The hugetlb controller of version 2.
enum V2HugePages {
  static func apply(_ limits: [LinuxHugepageLimit], to cgroup: V2Cgroup) throws {
    for limit in limits {
      let size = try limit.checkedPageSize
      try cgroup.write(limit.limit, to: "hugetlb.\(size).max", for: "a limit of huge pages")
      // Where reservations are counted too, they get the same limit: a reservation that is never used up would
      // otherwise escape it. Linux 5.7.
      if try cgroup.directory.read("hugetlb.\(size).rsvd.max") != nil {
        try cgroup.write(limit.limit, to: "hugetlb.\(size).rsvd.max", for: "a limit of huge pages")
      }
    }
  }
}
