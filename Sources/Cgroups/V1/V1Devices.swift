import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// The devices controller of version 1. The kernel's cgroup-v1/devices.rst.
enum V1Devices {
  /// Writes the rules in their order; runs of the same kind share one opened file.
  static func apply(_ rules: [LinuxDeviceRule], to cgroup: V1Cgroup) throws {
    let directory = try cgroup.require("devices", for: "rules about devices")
    var run: (allow: Bool, lines: [String]) = (false, [])
    for rule in try DeviceAccess.list(rules) {
      if rule.allow != run.allow {
        try directory.write(lines: run.lines, to: file(run.allow))
        run = (rule.allow, [])
      }
      run.lines += rule.version1Lines
    }
    try directory.write(lines: run.lines, to: file(run.allow))
  }

  private static func file(_ allow: Bool) -> String { allow ? "devices.allow" : "devices.deny" }
}
