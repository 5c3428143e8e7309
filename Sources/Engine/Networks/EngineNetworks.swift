public import EngineAPI

import ContainerNetwork
import Diagnostics
import LinuxKernel
import Logging
import NetworkAddresses
import Synchronization

/// What clients do with networks.
extension Engine {
  public func listNetworks(filters: Filters) async throws -> [Network] {
    let filter = try NetworkFilter(filters)
    let all = networks.table.withLock { table in
      table.all.map { ($0, isUsed: !table.containers(in: $0.id).isEmpty) }
    }
    return all.filter { filter.matches($0.0, isDangling: !$0.isUsed) }.map(\.0.shown)
      .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }

  public func inspectNetwork(_ name: String, scope: String?) async throws -> Network {
    if let scope, !scope.isEmpty, scope != "local" {
      throw ClassifiedError(.notFound, "network \(name) not found in scope \(scope)")
    }
    var definition = try networks.find(name)
    if definition.driver == .bridge, !definition.missingFamilies.isEmpty {
      // Whoever asks for the default network wants to know its subnet.
      let id = definition.id
      definition = try await networks.change { [networks] in try networks.withSubnets(id) }
    }
    var shown = definition.shown
    for (id, endpoint) in networks.table.withLock({ $0.containers(in: definition.id) }) {
      guard let container = try? containers.find(id.text) else { continue }
      shown.containers[id.text] = NetworkContainer(
        name: container.name, endpointID: endpoint.id, macAddress: endpoint.macAddress, ipv4Address: endpoint.ipv4,
        ipv6Address: endpoint.ipv6)
    }
    if !definition.holdsContainers, definition.isPredefined {
      for container in containers.all where container.state.isRunning {
        guard networkIDs(of: container)[definition.name] != nil else { continue }
        shown.containers[container.id.text] = NetworkContainer(
          name: container.name,
          endpointID: NetworkDefinition.endpointID(
            in: definition.id, of: container.id.text, since: container.state.view.startedAt))
      }
    }
    return shown
  }

  public func createNetwork(_ request: NetworkCreateRequest) async throws -> NetworkCreateResponse {
    let definition = try NetworkDefinition(
      try networks.resolved(request), id: randomHexadecimal(words: 4), created: Timestamp.now,
      defaults: networks.configuration.driverOptions)
    let made = try await networks.change { [networks] in try networks.create(definition) }
    publish("create", made)
    return NetworkCreateResponse(id: made.id, warning: await routeWarning(request, made))
  }

  /// What is said where a client has chosen a subnet that this machine reaches otherwise.
  private func routeWarning(_ request: NetworkCreateRequest, _ made: NetworkDefinition) async -> String {
    guard made.driver == .bridge, request.ipam?.config?.isEmpty == false else { return "" }
    let found = try? await networks.change { [networks] in
      let others = networks.table.withLock { $0.all }.filter { $0.driver == .bridge }
      let bridges = try others.map { try $0.bridge(defaultName: networks.host.defaultBridge).name }
      let routed = try networks.host.routedSubnets(besides: Set(bridges))
      return try made.pools().map(\.subnet).first { subnet in routed.contains { $0.overlaps(subnet) } }
    }
    guard let subnet = found ?? nil else { return "" }
    return "this machine has another route to \(subnet), or to a part of it: who is there may not be reached any more"
  }

  public func removeNetwork(_ name: String) async throws {
    let definition = try networks.find(name)
    try await remove(definition)
  }

  private func remove(_ definition: NetworkDefinition) async throws {
    let name = definition.name
    guard !definition.isPredefined else {
      throw ClassifiedError(.forbidden, "\(name) is a pre-defined network and cannot be removed")
    }
    try networks.checkIsNoSource(definition)
    // Looked at where starts take their places, so that none comes in between.
    try await networks.change { [self] in
      let users = containersNaming(definition)
      guard users.isEmpty else {
        let names = users.map(\.name).joined(separator: ", ")
        throw ClassifiedError(
          .forbidden, "error while removing network: network \(name) has active endpoints (\(names))",
          advice: "stop or disconnect them first")
      }
      try networks.remove(definition)
    }
    publish("destroy", definition)
  }

  /// Removes the networks that no running container is in, but for those that only hold configuration. Returns their names;
  /// nil when there was none.
  public func pruneNetworks(filters: Filters) async throws -> NetworkPruneResponse {
    let filter = try NetworkFilter(filters, isForPruning: true)
    var removed: [String] = []
    for definition in networks.table.withLock({ $0.all }).sorted(by: { $0.name < $1.name }) {
      guard !definition.isPredefined, !definition.shown.isConfigOnly, containersNaming(definition).isEmpty,
        filter.matches(definition, isDangling: true)
      else { continue }
      do {
        try await remove(definition)
        removed.append(definition.name)
      } catch {
        logger.warning("network \(definition.name): \(explanation(of: error))")
      }
    }
    events.publish(type: "network", "prune", id: "", ["reclaimed": "0"])
    return NetworkPruneResponse(networksDeleted: removed.isEmpty ? nil : removed)
  }

  // MARK: Who is in a network

  /// Running containers that are in a network.
  private func containersNaming(_ definition: NetworkDefinition) -> [Container] {
    let ids = Set(networks.table.withLock { $0.containers(in: definition.id).map(\.0) })
    return containers.all.filter { ids.contains($0.id) }
  }

  /// The networks that a container is in, or is to be in with its next start: their ids by their names.
  func networkIDs(of container: Container) -> [String: String] {
    guard let plan = try? settledPlan(of: container).network else { return [:] }
    let names: [String] =
      switch plan.mode {
      case .host: ["host"]
      case .none: ["none"]
      case .container: []
      case .networks: plan.attachments.map(\.network)
      }
    let known = networks.idsByName
    return Dictionary(names.map { ($0, known[$0] ?? "") }) { first, _ in first }
  }

  func publish(_ action: String, _ network: NetworkDefinition, container: Container? = nil) {
    var attributes = ["name": network.name, "type": network.shown.driver]
    if let container { attributes["container"] = container.id.text }
    events.publish(type: "network", action, id: network.id, attributes)
  }

  /// What clients are told that a container has of its networks: nothing once it does not run, though it is being taken
  /// back still.
  func shownGrant(of container: Container) -> NetworkGrant? {
    container.state.isRunning ? networks.grant(of: container.id) : nil
  }

  /// Tells of the networks that a container has come into by its start, or left by its end.
  func publish(_ action: String, networksOf container: Container) {
    guard let grant = networks.grant(of: container.id) else {
      // Of the host's network, and of none, it has nothing to be written down.
      for name in networkIDs(of: container).keys {
        guard let network = try? networks.find(name), !network.holdsContainers else { continue }
        publish(action, network, container: container)
      }
      return
    }
    for endpoint in grant.endpoints {
      guard let network = try? networks.find(endpoint.network) else { continue }
      publish(action, network, container: container)
    }
  }

  /// The path to the namespace of a running container, for one that is to share it.
  ///
  /// Throws: `notFound`; `conflict` when it does not run, `invalid` when it is the container itself.
  func networkNamespace(of name: String, for container: Container) throws -> String {
    let other = try containers.find(name)
    guard other !== container else { throw ClassifiedError(.invalid, "cannot join own network") }
    guard case .running(let run) = other.state else {
      throw ClassifiedError(.conflict, "cannot join network of a non running container: \(other.id)")
    }
    return "/proc/\(run.pid)/ns/net"
  }
}

extension Networks {
  /// Makes a network known. Its bridge comes with its first container.
  func create(_ asked: NetworkDefinition) throws -> NetworkDefinition {
    var definition = asked
    let others = table.withLock { $0.all }
    guard !others.contains(where: { $0.name == definition.name }) else {
      throw ClassifiedError(.conflict, "network with name \(definition.name) already exists")
    }
    guard !definition.shown.isConfigOnly else { return try keep(definition) }
    let taken = table.withLock { $0.subnets }
    for pool in try definition.pools() where taken.contains(where: { $0.overlaps(pool.subnet) }) {
      throw ClassifiedError(
        .forbidden, "invalid pool request: Pool overlaps with other one on this address space: \(pool.subnet)")
    }
    if definition.driver == .bridge {
      let bridge = try definition.bridge(defaultName: host.defaultBridge)
      for other in others where other.driver == .bridge {
        guard try other.bridge(defaultName: host.defaultBridge).name != bridge.name else {
          throw ClassifiedError(.conflict, "bridge name \(bridge.name) is in use by network \(other.name)")
        }
      }
      try host.withLinks { try $0.checkName(of: bridge) }
    }
    try checkParent(of: definition)
    try chooseSubnets(&definition, definition.missingFamilies)
    return try keep(definition)
  }

  private func keep(_ definition: NetworkDefinition) throws -> NetworkDefinition {
    try FailPoint.networkCreateBeforeRecord.pass()
    try save(definition)
    try table.withLock { table throws(ClassifiedError) in try table.put(definition) }
    return definition
  }

  func remove(_ definition: NetworkDefinition) throws {
    try forget(definition)
    table.withLock { $0.remove(definition.id) }
    try FailPoint.networkRemoveAfterRecord.pass()
    try removeUnusedParents(of: definition)
    try host.remove(definition)
  }
}
