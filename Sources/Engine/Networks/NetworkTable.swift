import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses

/// Which networks there are and which of their addresses and ports are taken: a value without side effects.
struct NetworkTable: Sendable {
  struct Entry: Sendable {
    var definition: NetworkDefinition
    var pools: [AddressPool] = []
  }

  private(set) var byID: [String: Entry] = [:]
  private(set) var grants: [ContainerID: NetworkGrant] = [:]

  var all: [NetworkDefinition] { byID.values.map(\.definition) }

  // MARK: Networks

  /// Adds a network, or replaces one when its subnets have been chosen: then nobody is in it yet.
  mutating func put(_ definition: NetworkDefinition) throws(ClassifiedError) {
    var entry = Entry(definition: definition)
    for pool in definition.shown.isConfigOnly ? [] : try definition.pools() {
      var addresses = AddressPool(pool.subnet, range: pool.range)
      let gateway = definition.needsGateway || pool.isGatewayGiven ? [pool.gateway] : []
      for address in Set(gateway + pool.auxiliary) where pool.subnet.hosts.contains(address) {
        try addresses.take(address)
      }
      entry.pools.append(addresses)
    }
    byID[definition.id] = entry
  }

  mutating func remove(_ id: String) {
    byID[id] = nil
  }

  /// The network with this id, name or beginning of an id, in that order.
  ///
  /// Throws: `notFound`; `invalid` when several ids begin so.
  func find(_ text: String) throws(ClassifiedError) -> NetworkDefinition {
    if let entry = byID[text] { return entry.definition }
    let name = text == "default" ? "bridge" : text
    if let entry = byID.values.first(where: { $0.definition.name == name }) { return entry.definition }
    let matches = text.isEmpty ? [] : byID.values.filter { $0.definition.id.hasPrefix(text) }
    guard let match = matches.first else { throw ClassifiedError(.notFound, "network \(text) not found") }
    guard matches.count == 1 else {
      throw ClassifiedError(.invalid, "network \(text) is ambiguous (\(matches.count) matches found on ID prefix)")
    }
    return match.definition
  }

  var subnets: [IPPrefix] { byID.values.flatMap { $0.pools.map(\.subnet) } }

  /// The containers in a network that have something of it.
  func containers(in id: String) -> [(ContainerID, NetworkGrant.Endpoint)] {
    grants.flatMap { container, grant in
      grant.endpoints.filter { $0.network == id }.map { (container, $0) }
    }
  }

  /// Whether no container is in a bridge.
  var hasNoCables: Bool { grants.values.allSatisfy(\.cabled.isEmpty) }

  // MARK: Grants

  /// Takes addresses in a network.
  ///
  /// Throws: `invalid` and `conflict` about an address that was asked for, `unavailable` when there is none left.
  mutating func takeAddresses(
    in id: String, asked: EndpointIPAMConfig?
  ) throws(ClassifiedError) -> [InterfaceAddress] {
    guard var entry = byID[id] else { throw ClassifiedError(.notFound, "network \(id) not found") }
    var taken: [InterfaceAddress] = []
    for (family, text) in [(IPAddress.Family.version4, asked?.ipv4Address), (.version6, asked?.ipv6Address)] {
      let indices = entry.pools.indices.filter { entry.pools[$0].subnet.family == family }
      if let text, !text.isEmpty {
        guard let address = IPAddress(text), address.family == family else {
          throw ClassifiedError(.invalid, "invalid \(family == .version4 ? "IPv4" : "IPv6") address: \(text)")
        }
        guard let index = indices.first(where: { entry.pools[$0].subnet.contains(address) }) else {
          throw ClassifiedError(
            .invalid, "no configured subnet or ip-range contain the IP address \(text)")
        }
        try entry.pools[index].take(address)
        taken += [InterfaceAddress(address, in: entry.pools[index].subnet)].compactMap { $0 }
        continue
      }
      guard !indices.isEmpty else { continue }
      var found: InterfaceAddress?
      for index in indices where found == nil {
        found = entry.pools[index].takeNext().flatMap { InterfaceAddress($0, in: entry.pools[index].subnet) }
      }
      guard let found else {
        throw ClassifiedError(
          .unavailable,
          "no available \(family == .version4 ? "IPv4" : "IPv6") addresses on network \(entry.definition.name)",
          advice: "remove containers from it, or make a network with a larger subnet")
      }
      taken.append(found)
    }
    byID[id] = entry
    return taken
  }

  /// Keeps a grant. The addresses of one that was read from the database are taken, those of a new one are already.
  mutating func keep(_ grant: NetworkGrant, of container: ContainerID, takingAddresses: Bool = false) {
    grants[container] = grant
    guard takingAddresses else { return }
    for endpoint in grant.endpoints {
      for address in endpoint.addresses { take(address.address, in: endpoint.network) }
    }
  }

  private mutating func take(_ address: IPAddress, in network: String) {
    guard let index = byID[network]?.pools.firstIndex(where: { $0.subnet.contains(address) }) else { return }
    // Taken twice it can only be by a damaged database; both keep it then.
    try? byID[network]?.pools[index].take(address)
  }

  /// Gives back all that a container has; nil when it has nothing.
  @discardableResult
  mutating func release(_ container: ContainerID) -> NetworkGrant? {
    guard let grant = grants.removeValue(forKey: container) else { return nil }
    for endpoint in grant.endpoints { release(endpoint.addresses, in: endpoint.network) }
    return grant
  }

  mutating func release(_ addresses: [InterfaceAddress], in network: String) {
    for address in addresses {
      guard let index = byID[network]?.pools.firstIndex(where: { $0.subnet.contains(address.address) }) else {
        continue
      }
      byID[network]?.pools[index].release(address.address)
    }
  }

  /// The container that a port of the host leads to, if there is one.
  func owner(of transport: TransportProtocol, _ address: IPAddress, _ port: UInt16) -> ContainerID? {
    grants.first { _, grant in
      grant.publishedPorts.contains { other in
        other.transport == transport && other.hostPort == port
          && other.hostAddress.family == address.family
          && (other.hostAddress == address || other.hostAddress.isUnspecified || address.isUnspecified)
      }
    }?.key
  }
}
