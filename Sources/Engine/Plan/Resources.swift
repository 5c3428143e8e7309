import Diagnostics
import EngineAPI
import LinuxKernel
import OCIRuntimeSpec

/// The limits of a container: CPU, memory, tasks, block I/O and devices.
struct ResourcesPlan: Sendable, Equatable {
  var cgroupParent: String
  var cpu = LinuxCPU()
  var memory = LinuxMemory()
  /// Nil: no limit.
  var pids: Int64?
  var blockWeight: UInt16?
  var blockDevices: [BlockLimit] = []
  /// Devices of the host by path, to be looked up at the start.
  var devices: [DeviceMapping] = []
  var deviceRules: [LinuxDeviceRule] = []
  var allDevices: Bool
  var warnings: [String] = []

  /// A limit on one block device, which is named by its path until the start.
  struct BlockLimit: Sendable, Equatable {
    enum Kind: Sendable, Equatable, CaseIterable {
      case weight, readBytes, writeBytes, readOperations, writeOperations
    }

    var kind: Kind
    var path: String
    var value: UInt64
  }

  /// The smallest memory limit that a container can be started with, in bytes.
  static let leastMemory: Int64 = 6 << 20

  /// Throws: `invalid` with dockerd's sentence for values out of range, `unsupported` for what is not there.
  static func plan(_ host: HostConfig, facts: HostFacts, cgroupParent: String) throws(ClassifiedError)
    -> ResourcesPlan
  {
    try refuse("the realtime CPU limit", if: host.cpuRealtimePeriod != 0 || host.cpuRealtimeRuntime != 0)
    try refuse("KernelMemory", if: (host.kernelMemory ?? 0) > 0 || (host.kernelMemoryTCP ?? 0) > 0)
    try refuse("DeviceRequests (--gpus)", if: host.deviceRequests?.isEmpty == false)
    try refuse("CpuCount", if: host.cpuCount != 0)
    try refuse("CpuPercent", if: host.cpuPercent != 0)
    try refuse("IOMaximumIOps", if: host.ioMaximumIOps != 0)
    try refuse("IOMaximumBandwidth", if: host.ioMaximumBandwidth != 0)
    var plan = ResourcesPlan(
      cgroupParent: try parent(host.cgroupParent, default: cgroupParent), allDevices: host.privileged)
    plan.cpu = try cpu(host, facts)
    try plan.planMemory(host, facts)
    if let pids = host.pidsLimit, pids > 0 { plan.pids = pids }
    try plan.planBlockIO(host)
    try plan.planDevices(host)
    return plan
  }

  private static func parent(_ asked: String, default cgroupParent: String) throws(ClassifiedError) -> String {
    guard !asked.isEmpty else { return cgroupParent }
    let parts = asked.split(separator: "/")
    try require(
      !parts.isEmpty && !parts.contains("..") && !parts.contains("."), "invalid cgroup parent: \(asked)")
    try refuse("a systemd slice as the cgroup parent", if: asked.hasSuffix(".slice"))
    return "/" + parts.joined(separator: "/")
  }

  private static func cpu(_ host: HostConfig, _ facts: HostFacts) throws(ClassifiedError) -> LinuxCPU {
    try require(
      host.nanoCPUs == 0 || host.cpuPeriod == 0,
      "Conflicting options: Nano CPUs and CPU Period cannot both be set")
    try require(
      host.nanoCPUs == 0 || host.cpuQuota == 0,
      "Conflicting options: Nano CPUs and CPU Quota cannot both be set")
    try require(
      host.nanoCPUs == 0 || (10_000_000...Int64(facts.cpuCount) * 1_000_000_000).contains(host.nanoCPUs),
      "range of CPUs is from 0.01 to \(facts.cpuCount).00, as there are only \(facts.cpuCount) CPUs available")
    try require(
      host.cpuPeriod == 0 || (1_000...1_000_000).contains(host.cpuPeriod),
      "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    try require(
      host.cpuQuota <= 0 || host.cpuQuota >= 1_000, "CPU cfs quota can not be less than 1ms (i.e. 1000)")
    try require(
      host.cpuShares >= 0, "invalid CPU shares (\(host.cpuShares)): value must be a positive integer")
    for list in [host.cpusetCPUs, host.cpusetMems] where !list.isEmpty {
      try require(isNumberList(list), "invalid CPU or memory node list \(list): write it as 0-3,7")
    }
    var cpu = LinuxCPU(cpus: host.cpusetCPUs, mems: host.cpusetMems)
    if host.cpuShares > 0 { cpu.shares = UInt64(min(max(host.cpuShares, 2), 262_144)) }
    if host.nanoCPUs > 0 {
      cpu.period = 100_000
      cpu.quota = host.nanoCPUs / 10_000
    } else {
      if host.cpuPeriod > 0 { cpu.period = UInt64(host.cpuPeriod) }
      if host.cpuQuota != 0 { cpu.quota = host.cpuQuota }
    }
    return cpu
  }

  static func isNumberList(_ text: String) -> Bool {
    text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
      return (1...2).contains(ends.count) && !ends.contains(nil)
    }
  }

  private mutating func planMemory(_ host: HostConfig, _ facts: HostFacts) throws(ClassifiedError) {
    let swappiness = host.memorySwappiness ?? -1
    try require(host.memory == 0 || host.memory >= Self.leastMemory, "Minimum memory limit allowed is 6MB")
    try require(
      host.memory > 0 || host.memorySwap <= 0,
      "You should always set the Memory limit when using Memoryswap limit, see usage")
    try require(
      host.memorySwap <= 0 || host.memorySwap >= host.memory,
      "Minimum memoryswap limit should be larger than memory limit, see usage")
    try require(
      host.memoryReservation == 0 || host.memoryReservation >= Self.leastMemory,
      "Minimum memory reservation allowed is 6MB")
    try require(
      host.memory == 0 || host.memoryReservation <= host.memory,
      "Minimum memory limit can not be less than memory reservation limit, see usage")
    try require(
      (-1...100).contains(swappiness), "Invalid value: \(swappiness), valid memory swappiness range is 0-100")
    if host.memory > 0 {
      memory.limit = host.memory
      if facts.limitsSwap {
        memory.swap = host.memorySwap == 0 ? host.memory * 2 : host.memorySwap
      } else if host.memorySwap >= 0 {
        warnings.append(
          "Your kernel does not support swap limit capabilities or the cgroup is not mounted. "
            + "Memory limited without swap.")
      }
    }
    if host.memoryReservation > 0 { memory.reservation = host.memoryReservation }
    if swappiness >= 0 {
      try refuse("memory swappiness on cgroup v2", if: facts.cgroupVersion == 2)
      memory.swappiness = UInt64(swappiness)
    }
    if host.oomKillDisable == true {
      try refuse("OomKillDisable on cgroup v2", if: facts.cgroupVersion == 2)
      memory.disableOOMKiller = true
      if host.memory == 0 {
        warnings.append(
          "OOM killer is disabled for the container, but no memory limit is set, this can result in the system "
            + "running out of resources.")
      }
    }
  }

  private mutating func planBlockIO(_ host: HostConfig) throws(ClassifiedError) {
    if host.blkioWeight > 0 {
      try require((10...1000).contains(host.blkioWeight), "Range of blkio weight is from 10 to 1000")
      blockWeight = host.blkioWeight
    }
    for device in host.blkioWeightDevice ?? [] {
      try require(
        (10...1000).contains(device.weight), "invalid weight for device \(device.path): not from 10 to 1000")
      blockDevices.append(BlockLimit(kind: .weight, path: device.path, value: UInt64(device.weight)))
    }
    let rates: [(BlockLimit.Kind, [ThrottleDevice]?)] = [
      (.readBytes, host.blkioDeviceReadBps), (.writeBytes, host.blkioDeviceWriteBps),
      (.readOperations, host.blkioDeviceReadIOps), (.writeOperations, host.blkioDeviceWriteIOps),
    ]
    for (kind, devices) in rates {
      blockDevices += (devices ?? []).map { BlockLimit(kind: kind, path: $0.path, value: $0.rate) }
    }
  }

  private mutating func planDevices(_ host: HostConfig) throws(ClassifiedError) {
    for device in host.devices ?? [] {
      let permissions = device.cgroupPermissions.isEmpty ? "rwm" : device.cgroupPermissions
      try require(
        permissions.allSatisfy("rwm".contains), "invalid device permissions \(permissions) of \(device.pathOnHost)")
      try require(device.pathOnHost.hasPrefix("/"), "device \(device.pathOnHost) is not an absolute path")
      devices.append(
        DeviceMapping(
          pathOnHost: device.pathOnHost,
          pathInContainer: device.pathInContainer.isEmpty ? device.pathOnHost : device.pathInContainer,
          cgroupPermissions: permissions))
    }
    for rule in host.deviceCgroupRules ?? [] {
      guard let parsed = Self.deviceRule(rule) else {
        throw ClassifiedError(.invalid, "invalid device cgroup rule format: '\(rule)'")
      }
      deviceRules.append(parsed)
    }
  }

  /// `c 10:200 rwm`, where `*` stands for every number.
  static func deviceRule(_ text: String) -> LinuxDeviceRule? {
    let words = text.split(separator: " ")
    guard words.count == 3, ["a", "b", "c"].contains(words[0]), words[2].allSatisfy("rwm".contains) else { return nil }
    let numbers = words[1].split(separator: ":", omittingEmptySubsequences: false)
    guard numbers.count == 2, numbers.allSatisfy({ $0 == "*" || UInt32($0) != nil }) else { return nil }
    return LinuxDeviceRule(
      allow: true, type: String(words[0]), major: Int64(numbers[0]), minor: Int64(numbers[1]),
      access: String(words[2]))
  }
}

extension ResourcesPlan {
  /// The limits as the runtime takes them. `devices` and `blockNumbers` are what the start found out about the
  /// paths in this plan.
  func spec(devices found: [FoundDevice], blockNumbers: [String: DeviceNumber]) -> LinuxResources {
    var resources = LinuxResources(
      devices: allDevices
        ? [LinuxDeviceRule(allow: true, access: "rwm")]
        : Self.defaultDeviceRules + found.map(\.rule) + deviceRules)
    if cpu != LinuxCPU() { resources.cpu = cpu }
    if memory != LinuxMemory() { resources.memory = memory }
    if let pids { resources.pids = LinuxPids(limit: pids) }
    if blockWeight != nil || !blockDevices.isEmpty {
      resources.blockIO = blockIO(blockNumbers)
    }
    return resources
  }

  private func blockIO(_ numbers: [String: DeviceNumber]) -> LinuxBlockIO {
    func limits(_ kind: BlockLimit.Kind) -> [(number: DeviceNumber, value: UInt64)] {
      blockDevices.filter { $0.kind == kind }.compactMap { limit in
        numbers[limit.path].map { ($0, limit.value) }
      }
    }
    func throttles(_ kind: BlockLimit.Kind) -> [LinuxBlockIO.ThrottleDevice] {
      limits(kind).map { .init(major: Int64($0.number.major), minor: Int64($0.number.minor), rate: $0.value) }
    }
    return LinuxBlockIO(
      weight: blockWeight,
      weightDevice: limits(.weight).map {
        .init(major: Int64($0.number.major), minor: Int64($0.number.minor), weight: UInt16(clamping: $0.value))
      },
      throttleReadBpsDevice: throttles(.readBytes), throttleWriteBpsDevice: throttles(.writeBytes),
      throttleReadIOPSDevice: throttles(.readOperations), throttleWriteIOPSDevice: throttles(.writeOperations))
  }

  /// Nothing but making nodes, and the devices that every container has: null, zero, full, random, urandom, tty,
  /// console, ptmx and the pseudo-terminals.
  static let defaultDeviceRules: [LinuxDeviceRule] =
    [
      LinuxDeviceRule(allow: false, access: "rwm"),
      LinuxDeviceRule(allow: true, type: "c", access: "m"),
      LinuxDeviceRule(allow: true, type: "b", access: "m"),
    ]
    + [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, nil)].map { major, minor in
      LinuxDeviceRule(allow: true, type: "c", major: major, minor: minor, access: "rwm")
    }

  /// The resolved defaults in what inspect shows.
  func view(_ host: inout HostConfig) {
    if let swap = memory.swap { host.memorySwap = swap }
    host.oomKillDisable = host.oomKillDisable ?? false
  }
}

/// A device of the host as the start found it, with the access that the container gets.
struct FoundDevice: Sendable, Equatable {
  var device: LinuxDevice
  var access: String

  var rule: LinuxDeviceRule {
    LinuxDeviceRule(
      allow: true, type: device.type == .block ? "b" : "c", major: device.major, minor: device.minor,
      access: access)
  }
}
