import Diagnostics
import LinuxKernel

/// The freezer of version 2, which every cgroup has. Linux 5.2.
enum V2Freezer {
  /// Returns when `cgroup.events` says so; the kernel tells of changes of that file by poll(2).
  static func freeze(_ directory: CgroupDirectory) throws {
    let deadline = monotonicNanoseconds() + 2_000_000_000
    let events = try HostFiles.open("\(directory.path)/cgroup.events", .readOnly)
    try directory.write("1", to: "cgroup.freeze")
    while true {
      try events.seek(to: 0)
      let text = String(decoding: try events.readAll(limit: 4096), as: UTF8.self)
      if text.contains("frozen 1") { return }
      if monotonicNanoseconds() > deadline {
        try directory.write("0", to: "cgroup.freeze")
        throw ClassifiedError(
          .unavailable, "a process cannot be frozen", object: directory.path, advice: "try again later")
      }
      _ = try events.poll(.priority, milliseconds: 50)
    }
  }

  static func isFrozen(_ directory: CgroupDirectory) throws -> Bool {
    try directory.table("cgroup.events")?["frozen"] == 1
  }
}
