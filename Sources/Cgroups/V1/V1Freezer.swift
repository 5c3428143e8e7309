import Diagnostics
import Glibc
import LinuxKernel

/// The freezer controller of version 1. The kernel's cgroup-v1/freezer-subsystem.rst.
enum V1Freezer {
  private static let file = "freezer.state"

  /// The kernel reports FREEZING as long as a process is where it cannot stop, and does not say when it has: so the
  /// file is read again. A process that was just forked can keep the state from ever being reached, and a thaw in
  /// between lets it go on to where it can stop.
  static func freeze(_ cgroup: V1Cgroup) throws {
    let directory = try cgroup.require("freezer", for: "a pause")
    let deadline = monotonicNanoseconds() + 2_000_000_000
    var attempts = 0
    while true {
      if attempts % 50 == 0 {
        if attempts > 0 { try directory.write("THAWED", to: file) }
        try directory.write("FROZEN", to: file)
      }
      if try isFrozen(cgroup) { return }
      if monotonicNanoseconds() > deadline {
        try directory.write("THAWED", to: file)
        throw ClassifiedError(
          .unavailable, "a process cannot be frozen", object: cgroup.path.description, advice: "try again later")
      }
      attempts += 1
      usleep(attempts < 10 ? 50 : 1000)
    }
  }

  static func thaw(_ cgroup: V1Cgroup) throws {
    try cgroup.require("freezer", for: "the end of a pause").write("THAWED", to: file)
  }

  static func isFrozen(_ cgroup: V1Cgroup) throws -> Bool {
    try cgroup.directory(of: "freezer")?.read(file)?.hasPrefix("FROZEN") ?? false
  }
}
