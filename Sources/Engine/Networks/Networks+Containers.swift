import ContainerNetwork
import Diagnostics
import EngineAPI
import LinuxKernel
import Logging
import NetworkAddresses
import StateStore
import Synchronization

/// Containers that come into networks and leave them. All calls are on the thread of changes.
extension Networks {
  /// What a start gives: the grant, and the address by which the container reaches this machine.
  struct Joining: Sendable {
    let grant: NetworkGrant
    let hostGateway: String?
    /// Whether the container's way to its resolver is another than before.
    var resolverChanged = true
  }

  /// Gives a container its addresses and ports, and lays its cables into the sandbox. On failure nothing is left.
  ///
  /// Throws: `notFound` for a network that is gone; `conflict`, `unavailable` and `system` for addresses and ports that
  /// cannot be had.
  func join(
    _ called: ContainerNames, _ plan: NetworkPlan, _ sandbox: NetworkSandbox, sandboxKey: String
  ) throws -> Joining {
    let container = called.id
    var grant = NetworkGrant()
    grant.sandboxKey = sandboxKey
    do {
      let networks = try plan.attachments.map { try withSubnets($0.network) }
      for (attachment, network) in zip(plan.attachments, networks) {
        let names = grant.endpoints.map(\.interfaceName) + plan.interfaceNames.dropFirst(grant.endpoints.count + 1)
        grant.endpoints.append(
          try place(called, in: network, attachment.settings, ordinal: grant.endpoints.count, besides: names))
      }
      chooseGateways(&grant, plan.attachments)
      try require(
        hostGateway(of: grant) != nil || !plan.extraHosts.contains { $0.address == "host-gateway" },
        "unable to derive the IP value for host-gateway: no network of the container leads to this machine")
      grant.resolver = try resolver(of: grant, plan)
      try grant.limit(plan.bandwidth, of: container)
      try claimPorts(plan.ports, for: container, &grant)
      try FailPoint.networkBeforeRecord.pass()
      try keep(grant, of: container)
      try FailPoint.networkAfterRecord.pass()
      try connect(Array(zip(grant.endpoints, networks)), grant.publishedPorts, sandbox, limiter(of: grant))
      try beginNames(of: container, grant, sandbox)
      try FailPoint.networkAfterConnect.pass()
    } catch {
      giveBack(grant.endpoints)
      try? host.unplug(leave(container))
      throw error
    }
    return Joining(grant: grant, hostGateway: hostGateway(of: grant))
  }

  /// Makes a container's interfaces, and tells the machine of them.
  func connect(
    _ endpoints: [(NetworkGrant.Endpoint, NetworkDefinition)], _ ports: [PublishedPort], _ sandbox: NetworkSandbox,
    _ limiter: BandwidthLimiter?
  ) throws {
    let cabled = endpoints.filter { $0.0.isCabled }
    if !cabled.isEmpty { try layCables(cabled, ports, sandbox, limiter) }
    for (endpoint, network) in endpoints where !endpoint.isCabled { try host.connect(sandbox, endpoint, network) }
  }

  /// What another program has taken away meanwhile is put back once.
  private func layCables(
    _ endpoints: [(NetworkGrant.Endpoint, NetworkDefinition)], _ ports: [PublishedPort], _ sandbox: NetworkSandbox,
    _ limiter: BandwidthLimiter?
  ) throws {
    func attempt() throws {
      for (_, network) in endpoints { try host.establish(network) }
      try host.connect(sandbox, endpoints, ports, limiter)
    }
    if host.isInstalled {
      do {
        return try attempt()
      } catch {
        // To begin anew gives a kernel no more than it has.
        if errorKind(of: error) == .unsupported { throw error }
        logger.warning("the network of this machine is put right after: \(explanation(of: error))")
      }
    }
    // This tells the firewall of the grant as well; to add that again changes nothing.
    try install()
    try attempt()
  }

  // MARK: Addresses

  /// A network with a subnet for each of its families: chosen now, if there was none yet.
  func withSubnets(_ name: String) throws -> NetworkDefinition {
    var network = try find(name)
    guard !network.shown.isConfigOnly else {
      throw ClassifiedError(
        .forbidden, "network \(network.name) holds configuration only, and no container can be in it",
        advice: "make one with --config-from \(network.name)")
    }
    guard network.holdsContainers else {
      throw ClassifiedError(
        .invalid, "conflicting options: cannot attach both user-defined and non-user-defined network-modes")
    }
    let missing = network.missingFamilies
    guard !missing.isEmpty else { return network }
    try chooseSubnets(&network, missing)
    try save(network)
    let changed = network
    try table.withLock { table throws(ClassifiedError) in try table.put(changed) }
    return network
  }

  /// Adds the subnets that are missing: such as clash with no other network and no route of this machine.
  func chooseSubnets(_ network: inout NetworkDefinition, _ families: [IPAddress.Family]) throws {
    if !network.isDefault { reserveDefaultSubnets() }
    let others = table.withLock { $0.all }
    let bridges = Set(
      try others.filter { $0.driver == .bridge }.map { try $0.bridge(defaultName: host.defaultBridge).name })
    let used = try table.withLock { $0.subnets } + host.routedSubnets(besides: bridges)
    for family in families { network.add(subnet: try pools.choose(family, besides: used)) }
  }

  /// The default network chooses before any other: its addresses are known by heart, and with a small pool the others would
  /// leave it none.
  private func reserveDefaultSubnets() {
    guard let network = table.withLock({ $0.all.first(where: \.isDefault) }) else { return }
    do {
      _ = try withSubnets(network.id)
    } catch {
      logger.warning("the default network has no subnet: \(explanation(of: error))")
    }
  }

  func place(
    _ called: ContainerNames, in network: NetworkDefinition, _ asked: EndpointSettings, ordinal: Int,
    besides names: [String]
  ) throws -> NetworkGrant.Endpoint {
    let container = called.id
    if network.shown.enableIPv6, HostNetwork.isVersion6SwitchedOff {
      throw ClassifiedError(
        .unavailable, "network \(network.name) has IPv6, and IPv6 is switched off on this machine",
        advice: "use a network without it, or set net.ipv6.conf.all.disable_ipv6 to 0")
    }
    var endpoint = NetworkGrant.Endpoint()
    if !network.isDefault { endpoint.names = called.all(aliases: asked.aliases ?? []) }
    let options = try EndpointOptions.plan(asked, network: network.name)
    endpoint.interfaceName = try interfaceName(options, in: network, ordinal, besides: names)
    endpoint.settings = options.settings(of: endpoint.interfaceName)
    (endpoint.network, endpoint.name, endpoint.ordinal) = (network.id, network.name, ordinal)
    endpoint.id = randomHexadecimal(words: 4)
    if network.driver == .bridge { endpoint.link = "veth\(container.text.prefix(9))\(ordinal)" }
    if let interface = network.parented?.interface, !interface.hasOwnMAC {
      try require(
        asked.macAddress.isEmpty, "\(interface.kind) interfaces do not support custom mac address assignment")
    } else {
      endpoint.macAddress = asked.macAddress
    }
    let addresses = try table.withLock { table throws(ClassifiedError) in
      try table.takeAddresses(in: network.id, asked: asked.ipamConfig)
    }
    for address in addresses {
      if address.address.family == .version4 { endpoint.ipv4 = "\(address)" } else { endpoint.ipv6 = "\(address)" }
    }
    let hasOwnMAC = network.parented?.interface.hasOwnMAC ?? true
    if endpoint.macAddress.isEmpty, hasOwnMAC, let address = addresses.first {
      endpoint.macAddress = "\(MACAddress(derivedFrom: address.address))"
    }
    return endpoint
  }

  private func interfaceName(
    _ options: EndpointOptions, in network: NetworkDefinition, _ ordinal: Int, besides names: [String]
  ) throws(ClassifiedError) -> String {
    if let asked = options.interfaceName {
      guard !names.contains(asked) else {
        throw ClassifiedError(.conflict, "another interface of the container is called \(asked)")
      }
      return asked
    }
    let prefix = network.shown.options[NetworkDefinition.Option.interfacePrefix] ?? "eth"
    return (ordinal...).lazy.map { "\(prefix)\($0)" }.first { !names.contains($0) } ?? "\(prefix)\(ordinal)"
  }

  /// The way out is by the network of the highest priority; of several, by one for both families if there is such, and
  /// then by the first by name.
  ///
  /// - Parameter attachments: One for each endpoint.
  func chooseGateways(_ grant: inout NetworkGrant, _ attachments: [NetworkPlan.Attachment]) {
    let families: [IPAddress.Family] = [.version4, .version6]
    let candidates = zip(grant.endpoints, attachments).enumerated().map { index, place in
      let gateways = families.map { gateway(of: place.0, $0)?.description ?? "" }
      let families = gateways.count { !$0.isEmpty }
      return (index: index, gateways: gateways, rank: (-place.1.settings.gwPriority, -families, place.0.name))
    }.sorted { $0.rank < $1.rank }
    for index in grant.endpoints.indices {
      (grant.endpoints[index].gateway4, grant.endpoints[index].gateway6) = ("", "")
    }
    if let chosen = candidates.first(where: { !$0.gateways[0].isEmpty }) {
      grant.endpoints[chosen.index].gateway4 = chosen.gateways[0]
    }
    if let chosen = candidates.first(where: { !$0.gateways[1].isEmpty }) {
      grant.endpoints[chosen.index].gateway6 = chosen.gateways[1]
    }
  }

  /// The router of an endpoint's network; nil where nothing leads out, or where it has no address of the family.
  func gateway(of endpoint: NetworkGrant.Endpoint, _ family: IPAddress.Family) -> IPAddress? {
    guard let address = endpoint.addresses.first(where: { $0.address.family == family }) else { return nil }
    return table.withLock { $0.byID[endpoint.network]?.definition }?.gateway(for: address)
  }

  /// The address by which a container reaches this machine: that of its first network's bridge.
  func hostGateway(of grant: NetworkGrant) -> String? {
    if let configured = configuration.hostGateway { return "\(configured)" }
    let networks = table.withLock { table in
      grant.cabled.compactMap { table.byID[$0.network]?.definition }
    }
    return networks.lazy.compactMap { try? $0.pools().first?.gateway.description }.first
  }

  // MARK: Ports

  /// Claims what `plans` ask for, and adds it to the grant.
  func claimPorts(
    _ plans: [PublishedPortPlan], for container: ContainerID, _ grant: inout NetworkGrant
  ) throws {
    let targets = grant.published
    guard !targets.isEmpty else { return }
    for plan in plans {
      let address = hostAddress(of: plan, grant)
      grant.ports +=
        plan.hostAddress == nil && address == .unspecified(.version4)
        ? try claimEverywhere(plan, targets, for: container)
        : try claim(plan, at: address, targets, for: container)
    }
  }

  // MARK: Leaving

  /// Takes back all that a container has; its cables are to be unplugged after that, which takes longer. Returns their
  /// names.
  func leave(_ container: ContainerID) -> [String] {
    claims.release(container)
    guard let grant = table.withLock({ $0.grants[container] }) else { return [] }
    endNames(of: container, grant)
    do {
      try host.forget(grant.publishedPorts)
    } catch {
      // Something of it was not there: everything is written anew, without this container.
      logger.debug("container \(container): \(explanation(of: error))")
      table.withLock { _ = $0.release(container) }
      reinstall()
    }
    table.withLock { _ = $0.release(container) }
    do {
      try database.remove(grantOf: container.text)
    } catch {
      logger.error("container \(container): its addresses are given back at the next start: \(explanation(of: error))")
    }
    return grant.links
  }

  /// Takes away what a container has left, whose names `leave` returned.
  func unplug(_ links: [String], leftBy container: ContainerID) throws {
    // It may run again by now, with links of the same names.
    let present = Set(record(of: container)?.links ?? [])
    try host.unplug(links.filter { !present.contains($0) })
  }

  private func reinstall() {
    do {
      try install()
    } catch {
      logger.error("networks: \(explanation(of: error))")
    }
  }

  private func giveBack(_ endpoints: [NetworkGrant.Endpoint]) {
    table.withLock { table in
      for endpoint in endpoints { table.release(endpoint.addresses, in: endpoint.network) }
    }
  }
}
