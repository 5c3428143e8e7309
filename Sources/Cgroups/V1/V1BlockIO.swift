import Diagnostics
import Glibc
import LinuxKernel
import OCIRuntimeSpec

/// The blkio controller of version 1. The kernel's cgroup-v1/blkio-controller.rst.
enum V1BlockIO {
  static func apply(_ io: LinuxBlockIO, to cgroup: V1Cgroup) throws {
    if let weight = io.weight, weight != 0 { try applyWeight("\(weight)", "", cgroup) }
    for device in io.weightDevice {
      if let weight = device.weight { try applyWeight("\(device.major):\(device.minor) \(weight)", "_device", cgroup) }
      if device.leafWeight != nil { throw noLeafWeight }
    }
    if io.leafWeight != nil { throw noLeafWeight }
    let throttles = [
      ("blkio.throttle.read_bps_device", io.throttleReadBpsDevice),
      ("blkio.throttle.write_bps_device", io.throttleWriteBpsDevice),
      ("blkio.throttle.read_iops_device", io.throttleReadIOPSDevice),
      ("blkio.throttle.write_iops_device", io.throttleWriteIOPSDevice),
    ]
    for (file, devices) in throttles where !devices.isEmpty {
      let directory = try cgroup.require("blkio", for: "a rate of a device")
      try directory.write(lines: devices.map { "\($0.major):\($0.minor) \($0.rate)" }, to: file)
    }
  }

  /// The weight of the scheduler CFQ, which ended with Linux 5.0, or of its successor BFQ.
  private static func applyWeight(_ value: String, _ suffix: String, _ cgroup: V1Cgroup) throws {
    let directory = try cgroup.require("blkio", for: "an I/O weight")
    do {
      try directory.attempt(value, to: "blkio.weight\(suffix)")
    } catch {
      guard error.errno == ENOENT else { throw directory.explain(error, "blkio.weight\(suffix)", value) }
      try directory.write(value, to: "blkio.bfq.weight\(suffix)")
    }
  }

  private static var noLeafWeight: ClassifiedError {
    ClassifiedError(.unsupported, "cannot set an I/O leaf weight: Linux has none since 5.0")
  }

  static func statistics(_ cgroup: V1Cgroup) throws -> [CgroupStatistics.Device]? {
    guard let directory = cgroup.directory(of: "blkio"),
      let bytes = try directory.read("blkio.throttle.io_service_bytes_recursive")
    else { return nil }
    let operations = try directory.read("blkio.throttle.io_serviced_recursive") ?? ""
    var devices: [DeviceNumber: CgroupStatistics.Device] = [:]
    collect(bytes, into: &devices, \.readBytes, \.writtenBytes)
    collect(operations, into: &devices, \.reads, \.writes)
    return devices.values.sorted { ($0.number.major, $0.number.minor) < ($1.number.major, $1.number.minor) }
  }

  /// Lines "8:0 Read 4096".
  private static func collect(
    _ text: String, into devices: inout [DeviceNumber: CgroupStatistics.Device],
    _ read: WritableKeyPath<CgroupStatistics.Device, UInt64>, _ write: WritableKeyPath<CgroupStatistics.Device, UInt64>
  ) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count == 3, let number = DeviceNumber(text: fields[0]), let value = UInt64(fields[2]) else {
        continue
      }
      let property = fields[1] == "Read" ? read : fields[1] == "Write" ? write : nil
      if let property { devices[number, default: CgroupStatistics.Device(number: number)][keyPath: property] = value }
    }
  }
}

extension DeviceNumber {
  /// Reads "8:0".
  init?(text: Substring) {
    let parts = text.split(separator: ":").map { UInt32($0) }
    guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
    self.init(major: major, minor: minor)
  }
}
