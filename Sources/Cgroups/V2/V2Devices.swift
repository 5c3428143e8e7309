import LinuxKernel
import OCIRuntimeSpec

/// Devices on version 2: no controller with files, but a program that the kernel asks.
enum V2Devices {
  static func apply(_ rules: [LinuxDeviceRule], to cgroup: V2Cgroup) throws {
    let program = DeviceProgram(try DeviceAccess.list(rules))
    let directory = try HostFiles.open(cgroup.directory.path, .directory)
    try KernelProgram(.cgroupDevice, named: "devices", program.instructions).attach(to: directory, at: .devices)
  }
}
