import Diagnostics
import Glibc
import LinuxKernel
import OCIRuntimeSpec

/// The io controller of version 2.
enum V2IO {
  static func apply(_ io: LinuxBlockIO, to cgroup: V2Cgroup) throws {
    if let weight = io.weight, weight != 0 { try applyWeight(weight, device: nil, cgroup) }
    for device in io.weightDevice {
      if let weight = device.weight { try applyWeight(weight, device: "\(device.major):\(device.minor)", cgroup) }
      if device.leafWeight != nil { throw noLeafWeight }
    }
    if io.leafWeight != nil { throw noLeafWeight }
    let throttles = [
      ("rbps", io.throttleReadBpsDevice), ("wbps", io.throttleWriteBpsDevice),
      ("riops", io.throttleReadIOPSDevice), ("wiops", io.throttleWriteIOPSDevice),
    ]
    for (key, devices) in throttles {
      for device in devices {
        // On version 1 a rate of 0 takes the limit away.
        let rate = device.rate == 0 ? "max" : "\(device.rate)"
        try cgroup.write("\(device.major):\(device.minor) \(key)=\(rate)", to: "io.max", for: "a rate of a device")
      }
    }
  }

  /// The weight of the scheduler BFQ, which has the scale of version 1, or that of the io.cost controller, which has 1
  /// to 10,000.
  private static func applyWeight(_ weight: UInt16, device: String?, _ cgroup: V2Cgroup) throws {
    let target = device ?? "default"
    do {
      return try cgroup.directory.attempt("\(target) \(weight)", to: "io.bfq.weight")
    } catch {
      guard error.errno == ENOENT else {
        throw cgroup.directory.explain(error, "io.bfq.weight", "\(target) \(weight)")
      }
    }
    try cgroup.write("\(target) \(scaled(weight))", to: "io.weight", for: "an I/O weight")
  }

  /// 10…1000 to 1…10,000.
  static func scaled(_ weight: UInt16) -> Int {
    weight <= 10 ? 1 : 1 + (Int(weight) - 10) * 9999 / 990
  }

  private static var noLeafWeight: ClassifiedError {
    ClassifiedError(.unsupported, "cannot set an I/O leaf weight: cgroup v2 has none")
  }

  /// Lines "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0".
  static func statistics(_ directory: CgroupDirectory) throws -> [CgroupStatistics.Device]? {
    guard let text = try directory.read("io.stat") else { return nil }
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let first = fields.first, let number = DeviceNumber(text: first) else { return nil }
      var device = CgroupStatistics.Device(number: number)
      for field in fields.dropFirst() {
        let parts = field.split(separator: "=")
        guard parts.count == 2, let value = UInt64(parts[1]) else { continue }
        switch parts[0] {
        case "rbytes": device.readBytes = value
        case "wbytes": device.writtenBytes = value
        case "rios": device.reads = value
        case "wios": device.writes = value
        default: continue
        }
      }
      return device
    }
  }
}
