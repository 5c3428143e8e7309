public import Diagnostics
public import NetworkAddresses

import ContainerNetwork
import EngineAPI
import Logging
import Synchronization

/// How the server's networks are set up: what dockerd's flags say of them.
public struct NetworkingConfiguration: Sendable, Equatable {
  /// Whether there is the network `bridge`, which containers are in that name none. `--bridge none`: they have none then.
  public var hasDefaultNetwork = true
  /// The address of the default network's bridge, and with it the subnet. `--bip`, `--bip6`.
  public var bridgeAddress4: InterfaceAddress?
  public var bridgeAddress6: InterfaceAddress?
  /// What its containers get addresses from: a part of the subnet, or the whole where no other is given. `--fixed-cidr`,
  /// `--fixed-cidr-v6`.
  public var range4: IPPrefix?
  public var range6: IPPrefix?
  /// The router of its containers, if that is not the bridge. `--default-gateway`, `--default-gateway-v6`.
  public var gateway4: IPAddress?
  public var gateway6: IPAddress?
  /// Whether it has IPv6. `--ipv6`.
  public var hasVersion6 = false
  /// The address that its containers' ports are published at when none is named. `--ip`.
  public var hostBinding = IPAddress.unspecified(.version4)
  /// In bytes. `--mtu`.
  public var mtu = 1500
  /// Whether its containers reach each other. `--icc`.
  public var connectsContainers = true
  /// Whether what they send carries the machine's address. `--ip-masq`.
  public var masquerades = true
  /// Whether this machine is made a router when a container needs one. `--ip-forward`.
  public var becomesRouter = true

  /// Where subnets come from; of a family that none is of, the usual ones. `--default-address-pool`.
  public var addressPools: [AddressPool] = []
  /// Options of new networks, by their driver. `--default-network-opt`.
  public var driverOptions: [String: [String: String]] = [:]
  /// For containers that do not say. `--dns`, `--dns-search`, `--dns-opt`.
  public var nameServers: [String] = []
  public var searchDomains: [String] = []
  public var resolverOptions: [String] = []
  /// What `host-gateway` and `host.docker.internal` stand for. `--host-gateway-ip`.
  public var hostGateway: IPAddress?

  public init() {}

  /// A network that is cut into subnets of one size.
  public struct AddressPool: Sendable, Equatable {
    public var base: IPPrefix
    /// The length of the subnets' prefixes.
    public var size: Int

    /// Throws: `invalid` when no subnet of that size fits in.
    public init(_ base: IPPrefix, size: Int) throws(ClassifiedError) {
      _ = try SubnetPools.Pool(base, size: size)
      self.base = base
      self.size = size
    }
  }

  /// Throws: `invalid` and `unsupported` for what does not go together.
  public func check() throws(ClassifiedError) {
    try require(hasVersion6 || bridgeAddress6 == nil && range6 == nil, "bip6 and fixed-cidr-v6 need ipv6")
    let given: [(gateway: IPAddress?, subnet: IPPrefix?, option: String, need: String)] = [
      (gateway4, bridgeAddress4?.network ?? range4, "default-gateway", "bip"),
      (gateway6, bridgeAddress6?.network ?? range6, "default-gateway-v6", "bip6"),
    ]
    for (gateway, subnet, option, need) in given {
      guard let gateway else { continue }
      guard let subnet else { throw ClassifiedError(.invalid, "\(option) needs \(need), whose subnet it is in") }
      try require(subnet.contains(gateway), "\(option) \(gateway) is not in the subnet \(subnet)")
    }
    for address in [bridgeAddress4, bridgeAddress6].compactMap({ $0 }) {
      try require(address.network.hosts.contains(address.address), "\(address) is not the address of a host")
    }
    let network = NetworkDefinition.byDefault(self, id: "", created: "", chosen: [])
    do {
      _ = try network.pools()
    } catch {
      throw error.during("the default network")
    }
    for (driver, options) in driverOptions {
      var request = NetworkCreateRequest()
      (request.name, request.driver, request.options) = ("default-network-opt", driver, options)
      _ = try NetworkDefinition(request, id: "", created: Timestamp(nanoseconds: 0))
    }
  }
}

extension SubnetPools {
  /// The pools that were configured, and the usual ones for a family without any.
  static func configured(_ pools: [NetworkingConfiguration.AddressPool], identity: [UInt8]) -> SubnetPools {
    let own = pools.compactMap { try? Pool($0.base, size: $0.size) }
    let families = Set(own.map(\.base.family))
    return SubnetPools(own + standard(identity: identity).pools.filter { !families.contains($0.base.family) })
  }

  /// Whether a subnet is one that could have been chosen.
  func couldChoose(_ subnet: IPPrefix) -> Bool {
    pools.contains { $0.base.contains(subnet) && $0.size == subnet.length }
  }
}

extension NetworkDefinition {
  private static let routerNames: [IPAddress.Family: String] = [
    .version4: "DefaultGatewayIPv4", .version6: "DefaultGatewayIPv6",
  ]

  /// The network `bridge` as it is configured.
  ///
  /// - Parameter chosen: The subnets that it was given by us, which stay where no others are configured.
  static func byDefault(
    _ configuration: NetworkingConfiguration, id: String, created: String, chosen: [IPPrefix]
  ) -> NetworkDefinition {
    var shown = Network()
    (shown.name, shown.id, shown.driver, shown.created) = ("bridge", id, Driver.bridge.rawValue, created)
    shown.enableIPv6 = configuration.hasVersion6
    shown.options = [
      Option.defaultBridge: "true", Option.connectsContainers: "\(configuration.connectsContainers)",
      Option.masquerades: "\(configuration.masquerades)", Option.hostBinding: "\(configuration.hostBinding)",
      Option.mtu: "\(configuration.mtu)",
    ]
    var pools: [IPAMPool] = []
    let given = [
      (IPAddress.Family.version4, configuration.bridgeAddress4, configuration.range4, configuration.gateway4),
      (.version6, configuration.bridgeAddress6, configuration.range6, configuration.gateway6),
    ]
    for (family, bridge, range, router) in given where family == .version4 || configuration.hasVersion6 {
      guard let subnet = bridge?.network ?? range ?? chosen.first(where: { $0.family == family }) else { continue }
      var pool = IPAMPool(subnet: "\(subnet)", gateway: "\(bridge?.address ?? subnet.hosts.lowerBound)")
      if bridge != nil, let range { pool.ipRange = "\(range)" }
      if let router, let name = routerNames[family] { pool.auxiliaryAddresses = [name: "\(router)"] }
      pools.append(pool)
    }
    shown.ipam = IPAM(driver: "default", config: pools)
    return NetworkDefinition(shown: shown)
  }

  /// The router of the containers in a subnet, where it is not the bridge.
  func configuredRouter(of family: IPAddress.Family) -> IPAddress? {
    guard let name = Self.routerNames[family] else { return nil }
    return (shown.ipam.config ?? []).compactMap { $0.auxiliaryAddresses?[name] }.first.flatMap { IPAddress($0) }
  }
}

extension Networks {
  /// Brings the default network to what is configured, unless containers run in it: they keep what they have.
  ///
  /// Throws: `conflict` when another network has some of its addresses.
  func configureDefaultNetwork() throws {
    guard let current = table.withLock({ $0.all.first { $0.isDefault } }) else { return }
    let chosen = ((try? current.pools()) ?? []).map(\.subnet).filter { pools.couldChoose($0) }
    let wanted = NetworkDefinition.byDefault(
      configuration, id: current.id, created: current.shown.created, chosen: chosen)
    guard wanted != current || !configuration.hasDefaultNetwork else { return }
    let users = table.withLock { $0.containers(in: current.id).count }
    guard users == 0 else {
      logger.warning(
        "the network bridge stays as it was: \(users) containers run in it; stop them and start the server anew")
      return
    }
    guard configuration.hasDefaultNetwork else { return table.withLock { $0.remove(current.id) } }
    for other in table.withLock({ $0.all }) where other.id != current.id && !other.shown.isConfigOnly {
      let taken = try other.pools().map(\.subnet)
      for own in try wanted.pools() where taken.contains(where: { $0.overlaps(own.subnet) }) {
        throw ClassifiedError(
          .conflict, "the default network's subnet \(own.subnet) overlaps that of the network \(other.name)",
          advice: "choose another one, or remove that network first")
      }
    }
    try save(wanted)
    try table.withLock { table throws(ClassifiedError) in try table.put(wanted) }
  }
}

extension NetworkPlan.Defaults {
  init(_ configuration: NetworkingConfiguration) {
    self.init(
      hasNetwork: configuration.hasDefaultNetwork, nameServers: configuration.nameServers,
      searchDomains: configuration.searchDomains, resolverOptions: configuration.resolverOptions)
  }
}
