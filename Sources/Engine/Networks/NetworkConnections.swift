public import EngineAPI

import ContainerNetwork
import Diagnostics
import LinuxKernel
import Logging
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
    try network.check(settings)
    try await send(container) { .connect(attachment, $0) }
  }

  public func disconnectNetwork(_ name: String, _ request: NetworkDisconnectRequest) async throws {
    let network = try networks.find(name)
    let container: Container
    do {
      container = try containers.find(request.container)
    } catch {
      // Docker looks for a place of that name then. Ours go with their containers.
      guard request.force, error.kind == .notFound else { throw error }
      throw ClassifiedError(.notFound, "endpoint \(request.container) not found")
    }
    try await send(container) { .disconnect(network, $0) }
  }

  // MARK: For the container's loop

  func connect(_ container: Container, _ attachment: NetworkPlan.Attachment) async throws {
    let plan = try settledPlan(of: container).network
    let network = try networks.find(attachment.network)
    try checkConnecting(network, plan)
    if plan.attachments.contains(where: { $0.network == network.name }) {
      // One that does not run has it with its next start, as it was first said.
      guard container.state.isRunning else { return }
      throw ClassifiedError(
        .forbidden, "endpoint with name \(container.name) already exists in network \(network.name)")
    }
    var changed = container.configuration
    changed.attached = plan.attachments.map(\.network) + [network.name]
    var endpoints = plan.endpointSettings
    endpoints[network.name] = attachment.settings
    changed.request.networkingConfig = NetworkingConfig(endpointsConfig: endpoints)
    try await bring(container, to: changed)
    if container.state.isRunning { publish("connect", network, container: container) }
  }

  private func checkConnecting(_ network: NetworkDefinition, _ plan: NetworkPlan) throws(ClassifiedError) {
    guard network.holdsContainers || network.shown.isConfigOnly || plan.mode == .host else {
      throw ClassifiedError(
        .invalid, "container cannot be connected to host network - container must be created in host network mode")
    }
    switch plan.mode {
    case .networks: break
    case .none:
      throw ClassifiedError(
        .invalid,
        "container cannot be connected to multiple networks with one of the networks in private (none) mode",
        advice: "disconnect it from none first")
    case .host, .container:
      throw ClassifiedError(
        .invalid,
        "container sharing network namespace with another container or host cannot be connected to any other network")
    }
  }

  func disconnect(_ container: Container, _ network: NetworkDefinition) async throws {
    let plan = try settledPlan(of: container).network
    if plan.mode == .host, network.driver == .host {
      throw ClassifiedError(
        .invalid, "cannot disconnect container from host network - container was created in host network mode")
    }
    let isInNone = plan.mode == .none && network.driver == .null
    guard isInNone || plan.attachments.contains(where: { $0.network == network.name }) else {
      throw ClassifiedError(
        .forbidden, "container \(container.id) is not connected to network \(network.name)")
    }
    var changed = container.configuration
    changed.attached = plan.attachments.map(\.network).filter { $0 != network.name }
    var endpoints = plan.endpointSettings
    endpoints[network.name] = nil
    changed.request.networkingConfig = NetworkingConfig(endpointsConfig: endpoints)
    try await bring(container, to: changed)
    if container.state.isRunning { publish("disconnect", network, container: container) }
  }

  /// Writes down what networks a container is to be in, and changes what it has of them if it runs. On failure all is as
  /// before. After the server's death in between, what is written down counts.
  private func bring(_ container: Container, to changed: StoredConfiguration) async throws {
    let before = container.configuration
    try await records.update(container, to: changed)
    container.reconfigure(changed)
    guard container.state.isRunning else { return }
    do {
      try await bringNetworks(of: container)
    } catch {
      container.reconfigure(before)
      await putBack(before, of: container)
      throw error
    }
  }

  private func putBack(_ configuration: StoredConfiguration, of container: Container) async {
    do {
      try await records.update(container, to: configuration)
    } catch {
      logger.error(
        "container \(container.id): its old networks cannot be written down again: \(explanation(of: error))")
    }
  }

  /// Brings what a running container has of networks to what its configuration says.
  func bringNetworks(of container: Container) async throws {
    let (networks, plan) = (networks, try settledPlan(of: container))
    guard plan.network.mode == .networks else { return }
    let (called, settled) = (plan.called(container), settlingLinks(plan.network))
    let (files, bundle) = (BundleWriter(container, plan, layout), layout.bundle(of: container.id))
    try await networks.change {
      try networks.bring(called, to: settled, files, sandboxKey: try BundleWriter.networkNamespace(in: bundle))
    }
  }
}
