import Cgroups
import EngineAPI
import LinuxKernel

/// What the machine as a whole has and has used: what a container's share is reckoned from.
struct MachineUsage: Sendable, Equatable {
  /// Of all processors together, in nanoseconds.
  var processorTime: UInt64 = 0
  var onlineProcessors: UInt32 = 0
  /// In bytes.
  var memory: UInt64 = 0

  /// Blocking.
  init() throws {
    self.init(stat: try HostFiles.readText("/proc/stat"), memory: try HostFiles.readText("/proc/meminfo"))
  }

  /// From the texts of /proc/stat and /proc/meminfo. proc(5).
  init(stat: String, memory: String) {
    for line in stat.split(separator: "\n") where line.hasPrefix("cpu") {
      let fields = line.split(separator: " ")
      guard fields[0] == "cpu" else {
        onlineProcessors += 1
        continue
      }
      // user, nice, system, idle, iowait, irq, softirq, in ticks, of which a second has 100 for all programs.
      processorTime = fields.dropFirst().prefix(7).reduce(0) { $0 + (UInt64($1) ?? 0) } * 10_000_000
    }
    let total = memory.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }?.split(separator: " ")
    if let total, total.count > 1 { self.memory = (UInt64(total[1]) ?? 0) * 1024 }
  }
}

extension ContainerStatistics {
  /// Takes over what a cgroup says, in the shape that it has in Docker on this version of cgroups.
  mutating func take(_ usage: CgroupStatistics, _ machine: MachineUsage, isVersion1: Bool) {
    pids.current = usage.pids?.current
    pids.limit = usage.pids?.limit
    if let used = usage.cpu {
      cpu.usage.total = used.total
      cpu.usage.byProcessor = used.byProcessor.isEmpty ? nil : used.byProcessor
      (cpu.usage.inKernelMode, cpu.usage.inUserMode) = (used.system, used.user)
      cpu.throttling.periods = used.periods
      cpu.throttling.throttledPeriods = used.throttledPeriods
      cpu.throttling.throttledTime = used.throttledTime
    }
    cpu.system = machine.processorTime
    cpu.onlineProcessors = machine.onlineProcessors
    if let used = usage.memory {
      memory.usage = used.usage
      memory.details = used.details
      memory.limit = min(used.limit ?? machine.memory, machine.memory)
      if isVersion1 { (memory.peak, memory.failures) = (used.peak, used.failures == 0 ? nil : used.failures) }
    }
    if let devices = usage.devices {
      let bytes = devices.flatMap { Self.entries($0.number, $0.readBytes, $0.writtenBytes) }
      blockIO.bytes = bytes.isEmpty && !isVersion1 ? nil : bytes
      if isVersion1 { blockIO.operations = devices.flatMap { Self.entries($0.number, $0.reads, $0.writes) } }
    }
  }

  private static func entries(_ device: DeviceNumber, _ read: UInt64, _ written: UInt64) -> [BlockIOStatistics.Entry] {
    [("read", read), ("write", written)].map { operation, value in
      .init(major: UInt64(device.major), minor: UInt64(device.minor), operation: operation, value: value)
    }
  }
}
