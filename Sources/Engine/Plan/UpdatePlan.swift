import Diagnostics
import EngineAPI
import LinuxKernel
import OCIRuntimeSpec

/// What an update makes of a container: a value without side effects.
struct UpdatePlan: Sendable {
  /// The configuration afterwards.
  var configuration: StoredConfiguration
  /// What is changed of the limits, and the limits that result.
  let changes: HostConfig
  let resources: ResourcesPlan
  let ports: PortEdit?
  let warnings: [String]

  /// Throws: `invalid` and `unsupported` as for a new container; `conflict` and `notFound` for changes that do not go
  /// with what the container is.
  init(
    _ request: ContainerUpdateRequest, to current: StoredConfiguration, id: ContainerID, _ present: PortEdit.Present,
    in surroundings: ContainerPlan.Surroundings
  ) throws(ClassifiedError) {
    changes = request.changes
    var configuration = current
    configuration.unapplied = nil
    var host = current.request.hostConfig
    let able = surroundings.refusingNothing
    let before = try ContainerPlan(current, id: id, in: able)
    let swap = before.resources.memory.swap ?? 0
    try LimitsUpdate.merge(changes, into: &host, swap: swap, facts: surroundings.facts)
    try Self.mergePolicy(changes.restartPolicy, into: &host)
    if let change = changes.networkBandwidth { host.networkBandwidth = change.applied(to: host.networkBandwidth) }
    ports = try PortEdit(request)
    try ports?.apply(to: &host, exposed: before.network.exposedPorts, present)
    configuration.request.hostConfig = host
    self.configuration = configuration
    // All of it must make sense; of the limits, this machine must be able to keep them, too.
    var limiting = able
    if changes.networkBandwidth != nil { limiting.network.limitsSockets = surroundings.network.limitsSockets }
    let after = try ContainerPlan(configuration, id: id, in: limiting)
    resources = try .plan(host, facts: surroundings.facts, cgroupParent: surroundings.cgroupParent)
    warnings = Self.warnings(changes, ports, after.network, resources)
  }

  private static func mergePolicy(
    _ policy: RestartPolicy, into host: inout HostConfig
  ) throws(ClassifiedError) {
    guard !policy.name.isEmpty else { return }
    guard !host.autoRemove || policy.name == "no" else {
      throw ClassifiedError(
        .conflict, "Restart policy cannot be updated because AutoRemove is enabled for the container")
    }
    host.restartPolicy = policy
  }

  private static func warnings(
    _ changes: HostConfig, _ ports: PortEdit?, _ network: NetworkPlan, _ resources: ResourcesPlan
  ) -> [String] {
    let concernsMemory = changes.memory != 0 || changes.memorySwap != 0 || changes.oomKillDisable == true
    var warnings = concernsMemory ? resources.warnings : []
    if network.mode == .host, ports?.additions.isEmpty == false {
      warnings.append("Published ports are discarded when using host network mode")
    }
    return warnings
  }
}
