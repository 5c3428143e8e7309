import CommandLine
import Diagnostics
import EngineAPI
import EngineClient

/// `apus update`
enum UpdateCommand {
  static let command = Command(
    CommandSpec(
      "update", usage: "[OPTIONS] CONTAINER [CONTAINER...]", "Update configuration of one or more containers",
      count: .atLeast(1), flags: ContainerFlags.updates),
    noun: .container, shortcut: "update", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    guard session.invocation.spec.flags.contains(where: { session.flags.isSet($0.long) }) else {
      throw ExitRequest(status: 1, message: "you must provide one or more flags when using this command")
    }
    let request = try request(session.flags)
    var warnings: [String] = []
    // All complaints come after all names, as Docker's do.
    var complaints: [String] = []
    for name in session.arguments {
      do {
        warnings += try session.client.updateContainer(name, request).warnings ?? []
        try Console.line(name)
      } catch let fault as EngineFault {
        complaints.append(fault.explanation)
      }
    }
    for warning in warnings { try Console.line(warning) }
    for complaint in complaints { Console.complain(complaint) }
    return complaints.isEmpty ? 0 : 1
  }

  private static func request(_ flags: FlagValues) throws -> ContainerUpdateRequest {
    var changes = HostConfig()
    changes.addLimits(flags)
    if let policy = flags.string("restart"), !policy.isEmpty {
      changes.restartPolicy = try RestartPolicy(option: policy)
    }
    changes.networkBandwidth = try flags.string("network-bandwidth").map { try NetworkBandwidth(option: $0) }
    let added = try flags.strings("publish-add").flatMap(PortOption.published)
    let removed = try flags.strings("publish-rm").flatMap(PortOption.removed)
    return ContainerUpdateRequest(
      changes: changes, publishAdd: added.isEmpty ? nil : added.bindings, publishRemove: removed.isEmpty ? nil : removed
    )
  }
}

extension HostConfig {
  /// The limits that `update` changes; what `run` and `create` know besides is not among them.
  mutating func addLimits(_ flags: FlagValues) {
    nanoCPUs = flags.billionths("cpus") ?? 0
    cpuShares = flags.integer("cpu-shares") ?? 0
    cpuPeriod = flags.integer("cpu-period") ?? 0
    cpuQuota = flags.integer("cpu-quota") ?? 0
    cpuRealtimePeriod = flags.integer("cpu-rt-period") ?? 0
    cpuRealtimeRuntime = flags.integer("cpu-rt-runtime") ?? 0
    cpusetCPUs = flags.string("cpuset-cpus") ?? ""
    cpusetMems = flags.string("cpuset-mems") ?? ""
    memory = flags.byteSize("memory") ?? 0
    memoryReservation = flags.byteSize("memory-reservation") ?? 0
    memorySwap = flags.byteSize("memory-swap") ?? 0
    kernelMemory = flags.byteSize("kernel-memory")
    pidsLimit = flags.integer("pids-limit")
    blkioWeight = UInt16(flags.integer("blkio-weight") ?? 0)
  }
}
