public import EngineAPI

import Cgroups
import ContainerNetwork
import Diagnostics
import LinuxKernel
import Logging
import NIOPosix
import NetworkAddresses
import OCIRuntimeSpec

/// Changes of limits and published ports, of containers that run and of others.
extension Engine {
  public func updateContainer(
    _ name: String, _ request: ContainerUpdateRequest
  ) async throws -> ContainerUpdateResponse {
    let container = try containers.find(name)
    // Once for the warnings; the loop makes its own, when the container is in no other hand.
    var warnings = try updatePlan(of: container, request).warnings
    warnings += portWarnings(
      try settledPlan(of: container).network, publishesPorts: request.publishAdd?.isEmpty == false)
    try await send(container) { .update(request, $0) }
    return ContainerUpdateResponse(warnings: warnings.isEmpty ? nil : warnings)
  }

  // MARK: For the container's loop

  func update(_ container: Container, _ request: ContainerUpdateRequest) async throws {
    if case .removing = container.state {
      throw cannotUpdate(
        container, ClassifiedError(.conflict, "container is marked for removal and cannot be \"update\""))
    }
    let plan = try updatePlan(of: container, request)
    do {
      try await carryOut(plan, on: container)
    } catch {
      throw cannotUpdate(container, error)
    }
    events.publish("update", container)
  }

  private func updatePlan(of container: Container, _ request: ContainerUpdateRequest) throws -> UpdatePlan {
    var able = surroundings
    able.knownCapabilities = Capability.all.map(\.description)
    do {
      return try UpdatePlan(
        request, to: container.configuration, id: container.id, try publishedNow(container), in: able)
    } catch {
      // A request that is wrong in itself is so for every container.
      guard [.conflict, .notFound].contains(error.kind) else { throw error }
      throw cannotUpdate(container, error)
    }
  }

  private func publishedNow(_ container: Container) throws(ClassifiedError) -> PortEdit.Present {
    var present = PortEdit.Present()
    let grant = container.state.isRunning ? networks.grant(of: container.id) : nil
    present.granted = grant?.ports
    let names = try settledPlan(of: container).network.attachments.map(\.network)
    let found = names.compactMap { try? networks.find($0) }
    if let first = found.first { present.defaultAddress = first.hostBinding }
    present.hasVersion6 = HostNetwork.hasVersion6
    return present
  }

  private func cannotUpdate(_ container: Container, _ error: any Error) -> ClassifiedError {
    ClassifiedError(errorKind(of: error), "Cannot update container \(container.id): \(explanation(of: error))")
  }

  private func carryOut(_ plan: UpdatePlan, on container: Container) async throws {
    guard container.state.isRunning else {
      try await records.update(container, to: plan.configuration)
      return container.reconfigure(plan.configuration)
    }
    let update = LiveUpdate(
      container, plan, records: records, networks: networks, cgroups: cgroups, cgroup: cgroupPath(of: container),
      logger: logger)
    if plan.changes.networkBandwidth != nil || networks.grant(of: container.id) != nil && plan.ports != nil {
      try await networks.change { try update.run() }
    } else {
      try await threads.runIfActive { try update.run() }
    }
    container.reconfigure(plan.configuration)
  }

  /// Sets, for a run that goes on, what an earlier server has written down and perhaps not set.
  func finishUpdate(of container: Container) async throws {
    var configuration = container.configuration
    guard let changes = configuration.unapplied else { return }
    let resources = try settledPlan(of: container).resources
    let (cgroups, path) = (cgroups, cgroupPath(of: container))
    try await threads.runIfActive {
      let limits = try LiveUpdate.limits(changes, resources)
      if limits != LinuxResources() { _ = try cgroups.change(path, limits) }
    }
    if changes.networkBandwidth != nil {
      let (networks, id, host) = (networks, container.id, configuration.request.hostConfig)
      try await networks.change { try networks.setBandwidth(of: id, host) { try cgroups.unifiedDirectory(of: path) } }
    }
    configuration.unapplied = nil
    try await records.update(container, to: configuration)
    container.reconfigure(configuration)
  }
}

/// An update of a container that runs: all of it, or nothing. It is written down first, so that after the server's death
/// the next one brings the machine to it.
struct LiveUpdate: Sendable {
  private let container: Container
  private let plan: UpdatePlan
  private let records: ContainerRecords
  private let networks: Networks
  private let cgroups: ContainerCgroups
  private let cgroup: String
  private let logger: Logger

  init(
    _ container: Container, _ plan: UpdatePlan, records: ContainerRecords, networks: Networks,
    cgroups: ContainerCgroups, cgroup: String, logger: Logger
  ) {
    (self.container, self.plan, self.records, self.networks) = (container, plan, records, networks)
    (self.cgroups, self.cgroup, self.logger) = (cgroups, cgroup, logger)
  }

  /// Blocking; on the networks' thread where ports or the bandwidth are changed.
  func run() throws {
    let limits = try Self.limits(plan.changes, plan.resources)
    let hasBandwidth = plan.changes.networkBandwidth != nil
    let hasLimits = limits != LinuxResources() || hasBandwidth
    let ports = try plan.ports.flatMap { try networks.beginChange(of: $0, container.id) }
    var written = plan.configuration
    if hasLimits { written.unapplied = plan.changes }
    var set: CgroupChange?
    var isPublished = false
    do {
      try FailPoint.updateBeforeRecord.pass()
      try records.save(written, of: container, with: ports?.after)
      try FailPoint.updateAfterRecord.pass()
      if limits != LinuxResources() { set = try cgroups.change(cgroup, limits) }
      try FailPoint.updateAfterLimits.pass()
      if let ports {
        isPublished = true
        try networks.publish(ports)
      }
      if hasBandwidth {
        try setBandwidth(plan.configuration)
      }
      try FailPoint.updateAfterPublish.pass()
    } catch {
      takeBack(set, ports, isPublished: isPublished)
      throw error
    }
    guard hasLimits else { return }
    do {
      try records.save(plan.configuration, of: container)
    } catch {
      // The next server sets the limits once more: nothing else comes of it.
      logger.warning("container \(container.id): \(explanation(of: error))")
    }
  }

  private func setBandwidth(_ configuration: StoredConfiguration) throws {
    let host = configuration.request.hostConfig
    try networks.setBandwidth(of: container.id, host) { try cgroups.unifiedDirectory(of: cgroup) }
  }

  /// What each of these steps cannot put back is told to the log; the others are taken all the same.
  private func takeBack(_ set: CgroupChange?, _ ports: PortChange?, isPublished: Bool) {
    let steps: [() throws -> Void] = [
      { try set?.undo() },
      {
        guard plan.changes.networkBandwidth != nil else { return }
        try setBandwidth(container.configuration)
      },
      { if let ports { try networks.takeBack(ports, isPublished: isPublished) } },
      { try records.save(container.configuration, of: container, with: ports?.before) },
    ]
    for step in steps {
      do {
        try step()
      } catch {
        logger.error("container \(container.id): after a failed update: \(explanation(of: error))")
      }
    }
  }

  /// What has to be set in the cgroup. Blocking: devices are looked up.
  ///
  /// Throws: `notFound` for a device that is not there.
  static func limits(_ changes: HostConfig, _ resources: ResourcesPlan) throws -> LinuxResources {
    var numbers: [String: DeviceNumber] = [:]
    for path in changes.changedBlockDevices { numbers[path] = try HostFiles.status(path).representedDevice }
    return resources.update(after: changes, blockNumbers: numbers)
  }
}
