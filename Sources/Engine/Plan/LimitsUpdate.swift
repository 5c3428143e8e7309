import Diagnostics
import EngineAPI
import LinuxKernel
import OCIRuntimeSpec

/// Limits that are changed in the life of a container: what `update` makes of its configuration.
enum LimitsUpdate {
  /// Puts `changes` into `host`. Zero, empty and nil leave things as they are.
  ///
  /// Throws: `conflict` in dockerd's words for what does not go with the limits that are there, `unsupported` for what
  /// cannot be changed. Whether the result makes sense its own plan says.
  ///
  /// - Parameter swap: The limit of memory and swap that holds now; 0: none was ever set.
  static func merge(
    _ changes: HostConfig, into host: inout HostConfig, swap: Int64, facts: HostFacts
  ) throws(ClassifiedError) {
    try refuse(
      "changing CgroupParent", if: !changes.cgroupParent.isEmpty && changes.cgroupParent != host.cgroupParent)
    try refuse("changing Devices", if: changes.devices?.isEmpty == false)
    try refuse("changing DeviceCgroupRules", if: changes.deviceCgroupRules?.isEmpty == false)
    try refuse("changing DeviceRequests", if: changes.deviceRequests?.isEmpty == false)
    try refuse("changing Ulimits", if: changes.ulimits?.isEmpty == false)
    try mergeCPU(changes, &host)
    try mergeMemory(changes, &host, swap, facts)
    if let limit = changes.pidsLimit { host.pidsLimit = max(0, limit) }
    mergeBlockIO(changes, &host)
  }

  private static func mergeCPU(_ changes: HostConfig, _ host: inout HostConfig) throws(ClassifiedError) {
    let conflicts: [(Int64, Int64, String)] = [
      (changes.nanoCPUs, host.cpuPeriod, "Nano CPUs cannot be updated as CPU Period has already been set"),
      (changes.nanoCPUs, host.cpuQuota, "Nano CPUs cannot be updated as CPU Quota has already been set"),
      (changes.cpuPeriod, host.nanoCPUs, "CPU Period cannot be updated as NanoCPUs has already been set"),
      (changes.cpuQuota, host.nanoCPUs, "CPU Quota cannot be updated as NanoCPUs has already been set"),
    ]
    for (new, old, sentence) in conflicts where new > 0 && old > 0 {
      throw ClassifiedError(.conflict, "Conflicting options: \(sentence)")
    }
    replace(&host.nanoCPUs, changes.nanoCPUs)
    replace(&host.cpuShares, changes.cpuShares)
    replace(&host.cpuPeriod, changes.cpuPeriod)
    replace(&host.cpuQuota, changes.cpuQuota)
    replace(&host.cpuRealtimePeriod, changes.cpuRealtimePeriod)
    replace(&host.cpuRealtimeRuntime, changes.cpuRealtimeRuntime)
    if !changes.cpusetCPUs.isEmpty { host.cpusetCPUs = changes.cpusetCPUs }
    if !changes.cpusetMems.isEmpty { host.cpusetMems = changes.cpusetMems }
  }

  private static func mergeMemory(
    _ changes: HostConfig, _ host: inout HostConfig, _ swap: Int64, _ facts: HostFacts
  ) throws(ClassifiedError) {
    if changes.memory != 0, changes.memorySwap == 0, facts.limitsSwap, swap >= 0, changes.memory > swap {
      throw ClassifiedError(
        .conflict,
        "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time")
    }
    // What followed from the memory limit of the creation stays what it is; where there is no such limit, it follows anew.
    if changes.memory != 0 { host.memorySwap = facts.limitsSwap ? swap : 0 }
    replace(&host.memory, changes.memory)
    replace(&host.memorySwap, changes.memorySwap)
    replace(&host.memoryReservation, changes.memoryReservation)
    if let swappiness = changes.memorySwappiness, swappiness != -1 { host.memorySwappiness = swappiness }
    host.oomKillDisable = changes.oomKillDisable ?? host.oomKillDisable
    host.kernelMemory = changes.kernelMemory ?? host.kernelMemory
    host.kernelMemoryTCP = changes.kernelMemoryTCP ?? host.kernelMemoryTCP
  }

  private static func mergeBlockIO(_ changes: HostConfig, _ host: inout HostConfig) {
    if changes.blkioWeight != 0 { host.blkioWeight = changes.blkioWeight }
    merge(&host.blkioWeightDevice, changes.blkioWeightDevice, \.path) { _ in false }
    for list: WritableKeyPath<HostConfig, [ThrottleDevice]?> in [
      \.blkioDeviceReadBps, \.blkioDeviceWriteBps, \.blkioDeviceReadIOps, \.blkioDeviceWriteIOps,
    ] {
      merge(&host[keyPath: list], changes[keyPath: list], \.path) { $0.rate == 0 }
    }
  }

  private static func replace(_ value: inout Int64, _ new: Int64) {
    if new != 0 { value = new }
  }

  /// Each device of `new` takes the place of the one with its path, or takes it away.
  private static func merge<Device>(
    _ devices: inout [Device]?, _ new: [Device]?, _ path: KeyPath<Device, String>, isRemoval: (Device) -> Bool
  ) {
    guard let new, !new.isEmpty else { return }
    var merged = devices ?? []
    for device in new {
      merged.removeAll { $0[keyPath: path] == device[keyPath: path] }
      if !isRemoval(device) { merged.append(device) }
    }
    devices = merged.isEmpty ? nil : merged
  }
}

extension HostConfig {
  /// The devices that an update names, by their paths on the host.
  var changedBlockDevices: [String] {
    (blkioWeightDevice ?? []).map(\.path)
      + [blkioDeviceReadBps, blkioDeviceWriteBps, blkioDeviceReadIOps, blkioDeviceWriteIOps].flatMap { list in
        (list ?? []).map(\.path)
      }
  }
}

extension ResourcesPlan {
  /// What has to be set in the cgroup of a run that was begun before `changes` were put into this plan.
  func update(after changes: HostConfig, blockNumbers: [String: DeviceNumber]) -> LinuxResources {
    var resources = LinuxResources()
    let cpu = changedCPU(changes)
    let memory = changedMemory(changes)
    let blockIO = changedBlockIO(changes, blockNumbers)
    if cpu != LinuxCPU() { resources.cpu = cpu }
    if memory != LinuxMemory() { resources.memory = memory }
    if changes.pidsLimit != nil { resources.pids = LinuxPids(limit: pids ?? -1) }
    if blockIO != LinuxBlockIO() { resources.blockIO = blockIO }
    return resources
  }

  private func changedCPU(_ changes: HostConfig) -> LinuxCPU {
    var changed = LinuxCPU(cpus: changes.cpusetCPUs, mems: changes.cpusetMems)
    if changes.cpuShares != 0 { changed.shares = cpu.shares }
    if changes.nanoCPUs != 0 || changes.cpuPeriod != 0 || changes.cpuQuota != 0 {
      (changed.quota, changed.period) = (cpu.quota, cpu.period)
    }
    return changed
  }

  /// Limits of memory and of memory with swap go together: each is checked against the other, and version 2 wants their
  /// difference.
  private func changedMemory(_ changes: HostConfig) -> LinuxMemory {
    var changed = LinuxMemory()
    if changes.memory != 0 || changes.memorySwap != 0 { (changed.limit, changed.swap) = (memory.limit, memory.swap) }
    if changes.memoryReservation != 0 { changed.reservation = memory.reservation }
    if let swappiness = changes.memorySwappiness, swappiness != -1 { changed.swappiness = memory.swappiness }
    if let disable = changes.oomKillDisable { changed.disableOOMKiller = disable }
    return changed
  }

  private func changedBlockIO(_ changes: HostConfig, _ numbers: [String: DeviceNumber]) -> LinuxBlockIO {
    func throttles(_ devices: [ThrottleDevice]?) -> [LinuxBlockIO.ThrottleDevice] {
      (devices ?? []).compactMap { device in
        numbers[device.path].map { .init(major: Int64($0.major), minor: Int64($0.minor), rate: device.rate) }
      }
    }
    return LinuxBlockIO(
      weight: changes.blkioWeight == 0 ? nil : blockWeight,
      weightDevice: (changes.blkioWeightDevice ?? []).compactMap { device in
        numbers[device.path].map { .init(major: Int64($0.major), minor: Int64($0.minor), weight: device.weight) }
      },
      throttleReadBpsDevice: throttles(changes.blkioDeviceReadBps),
      throttleWriteBpsDevice: throttles(changes.blkioDeviceWriteBps),
      throttleReadIOPSDevice: throttles(changes.blkioDeviceReadIOps),
      throttleWriteIOPSDevice: throttles(changes.blkioDeviceWriteIOps))
  }
}
