public import EngineAPI

import ContainerNetwork
import Diagnostics
import LinuxKernel
import NIOPosix
import NetworkAddresses
import Synchronization

/// Containers that are put into networks and taken out of them while they live.
extension Engine {
  public func connectNetwork(_ name: String, _ request: NetworkConnectRequest) async throws {
    let network = try networks.find(name)
    let container = try containers.find(request.container)
    let settings = request.endpointConfig ?? EndpointSettings()
    let attachment = NetworkPlan.Attachment(
      network: network.name, settings: settings, links: try ContainerLink.all(settings.links))
    try NetworkPlan.check(attachment)
    try await send(container) { .connect(attachment, $0) }
    publish("connect", network, container: container)
  }

  public func disconnectNetwork(_ name: String, _ request: NetworkDisconnectRequest) async throws {
    let network = try networks.find(name)
    // With `force` a container may be named that is gone; then it has nothing of the network any more.
    let container: Container
    do {
      container = try containers.find(request.container)
    } catch {
      if request.force { return }
      throw error
    }
    try await send(container) { .disconnect(network, $0) }
    publish("disconnect", network, container: container)
  }

  // MARK: For the container's loop

  func connect(_ container: Container, _ attachment: NetworkPlan.Attachment) async throws {
    let plan = try settledPlan(of: container).network
    guard plan.mode == .networks else { throw Self.noFurtherNetworks(plan.mode) }
    let network = try networks.find(attachment.network)
    guard !isIn(network, plan) else {
      throw ClassifiedError(
        .forbidden, "endpoint with name \(container.name) already exists in network \(network.name)")
    }
    guard network.holdsContainers || network.shown.isConfigOnly else {
      throw ClassifiedError(
        .forbidden, "container cannot be connected to host network - container must be created in host network mode")
    }
    let before = container.configuration
    var changed = before
    changed.attached = plan.attachments.map(\.network) + [network.name]
    var endpoints = changed.request.networkingConfig?.endpointsConfig ?? [:]
    for attachment in plan.attachments { endpoints[attachment.network] = attachment.settings }
    endpoints[network.name] = attachment.settings
    changed.request.networkingConfig = NetworkingConfig(endpointsConfig: endpoints)
    try await records.update(container, to: changed)
    container.reconfigure(changed)
    guard container.state.isRunning else { return }
    do {
      let (networks, after) = (networks, try settledPlan(of: container))
      let called = after.called(container)
      let settled = settlingLinks(after.network)
      let joining = try await networks.change { try networks.plugIn(called, attachment, settled) }
      try await rewriteHosts(of: container, joining)
    } catch {
      container.reconfigure(before)
      try await records.update(container, to: before)
      throw error
    }
  }

  func disconnect(_ container: Container, _ network: NetworkDefinition) async throws {
    let plan = try settledPlan(of: container).network
    guard plan.mode == .networks else { throw Self.noFurtherNetworks(plan.mode) }
    guard isIn(network, plan) else {
      throw ClassifiedError(
        .forbidden, "container \(container.id) is not connected to network \(network.name)")
    }
    var changed = container.configuration
    changed.attached = plan.attachments.map(\.network).filter { !Self.names($0, network) }
    var endpoints = changed.request.networkingConfig?.endpointsConfig ?? [:]
    for attachment in plan.attachments {
      endpoints[attachment.network] = Self.names(attachment.network, network) ? nil : attachment.settings
    }
    changed.request.networkingConfig = NetworkingConfig(endpointsConfig: endpoints)
    try await records.update(container, to: changed)
    container.reconfigure(changed)
    guard container.state.isRunning else { return }
    let (networks, id, after) = (networks, container.id, try settledPlan(of: container).network)
    let settled = settlingLinks(after)
    if let joining = try await networks.change({ try networks.unplug(id, from: network, settled) }) {
      try await rewriteHosts(of: container, joining)
    }
  }

  private func isIn(_ network: NetworkDefinition, _ plan: NetworkPlan) -> Bool {
    plan.attachments.contains { Self.names($0.network, network) }
  }

  private static func names(_ text: String, _ network: NetworkDefinition) -> Bool {
    text == network.name || text == network.id
  }

  private static func noFurtherNetworks(_ mode: NetworkPlan.Mode) -> ClassifiedError {
    ClassifiedError(
      .forbidden,
      mode == .none
        ? "container cannot be connected to multiple networks with one of the networks in private (none) mode"
        : "container sharing network namespace with another container or host cannot be connected to any other network")
  }

  private func rewriteHosts(of container: Container, _ joining: Networks.Joining) async throws {
    let (plan, layout) = (try settledPlan(of: container), layout)
    let links = (try? linkedContainers(of: container, plan.network)) ?? []
    try await threads.runIfActive { try BundleWriter(container, plan, layout).writeFiles(joining, links) }
  }
}

extension Networks {
  /// Lays one more cable into the sandbox of a container that runs.
  ///
  /// - Parameter plan: What the container is to have in all.
  func plugIn(
    _ called: ContainerNames, _ attachment: NetworkPlan.Attachment, _ plan: NetworkPlan
  ) throws -> Joining {
    let container = called.id
    guard let before = grant(of: container) else { throw ClassifiedError.notRunning(container) }
    let network = try withSubnets(attachment.network)
    let sandbox = try NetworkSandbox(at: before.sandboxKey)
    let taken = Set(before.endpoints.map(\.ordinal))
    let ordinal = (0...taken.count).first { !taken.contains($0) } ?? taken.count
    var endpoint = try place(
      called, in: network, attachment.settings, ordinal: ordinal, besides: before.endpoints.map(\.interfaceName))
    if before.endpoints.allSatisfy(\.gateway4.isEmpty) {
      endpoint.gateway4 = gateway(of: endpoint, .version4)?.description ?? ""
    }
    if before.endpoints.allSatisfy(\.gateway6.isEmpty) {
      endpoint.gateway6 = gateway(of: endpoint, .version6)?.description ?? ""
    }
    var grant = before
    grant.endpoints.append(endpoint)
    grant.resolver = try resolver(of: grant, plan)
    var resolverChanged = false
    do {
      try grant.checkLimit()
      try save(grant, of: container)
      let granted = grant
      table.withLock { $0.keep(granted, of: container) }
      try connect([(endpoint, network)], [], sandbox, limiter(of: grant))
      resolverChanged = try changeNames(of: container, from: before, to: granted, sandbox)
    } catch {
      _ = try? changeNames(of: container, from: grant, to: before, sandbox)
      if endpoint.isCabled { try? host.unplug([endpoint.link]) }
      table.withLock { table in
        table.keep(before, of: container)
        table.release(endpoint.addresses, in: network.id)
      }
      try save(before, of: container)
      throw error
    }
    return Joining(grant: grant, hostGateway: hostGateway(of: grant), resolverChanged: resolverChanged)
  }

  /// Takes one cable out again. Nil: the container has none in that network.
  func unplug(
    _ container: ContainerID, from network: NetworkDefinition, _ plan: NetworkPlan
  ) throws -> Joining? {
    guard let before = grant(of: container) else { return nil }
    var grant = before
    guard let endpoint = grant.endpoints.first(where: { $0.network == network.id })
    else { return nil }
    let addresses = Set(endpoint.addresses.map(\.address))
    let ports = grant.publishedPorts.filter { addresses.contains($0.containerAddress) }
    try host.forget(ports)
    if endpoint.isCabled {
      try host.unplug([endpoint.link])
    } else {
      try NetworkSandbox(at: grant.sandboxKey).remove(endpoint.interface(mtu: nil).name)
    }
    grant.endpoints.removeAll { $0.network == network.id }
    grant.ports.removeAll { port in port.published.map { addresses.contains($0.containerAddress) } ?? true }
    claims.release(ports, of: container)
    grant.resolver = try resolver(of: grant, plan)
    try save(grant, of: container)
    let left = grant
    let resolverChanged = try changeNames(of: container, from: before, to: left, NetworkSandbox(at: left.sandboxKey))
    table.withLock { table in
      table.keep(left, of: container)
      table.release(endpoint.addresses, in: network.id)
    }
    return Joining(grant: grant, hostGateway: hostGateway(of: grant), resolverChanged: resolverChanged)
  }
}
