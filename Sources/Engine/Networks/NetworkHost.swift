import ContainerNetwork
import Diagnostics
import EngineAPI
import LinuxKernel
import Logging
import NetworkAddresses
import Synchronization

/// The network of this machine, as far as it is ours: bridges, cables, and two tables of the packet filter.
///
/// It is opened when the first container needs it, so that a machine without the means runs those that do not. All calls
/// block; they come from one thread.
final class NetworkHost: Sendable {
  private struct Opened {
    let links: HostLinks
    let firewall: Firewall
    /// The index of each network's bridge that has been established, by the network's id.
    var bridges: [String: UInt32] = [:]
  }

  /// What the tables and the default network's bridge are called: `apus`, or a name that two servers do not share.
  let name: String
  let defaultBridge: String
  private let logger: Logger
  private let mayBecomeRouter: Bool
  private let opened = Mutex<Opened?>(nil)
  /// What was found when this machine was made a router: a later server must go on guarding it.
  private let guardFile: String

  init(_ configuration: EngineConfiguration) {
    let isUsual = configuration.dataRoot == EngineConfiguration.usualDataRoot
    name = isUsual ? "apus" : "apus-\(Self.mark(of: configuration.dataRoot))"
    defaultBridge = isUsual ? "apus0" : name
    guardFile = "\(configuration.execRoot)/forwarding-guarded"
    logger = configuration.logger
    mayBecomeRouter = configuration.networking.becomesRouter
  }

  /// Eight hexadecimal digits that stand for a text: FNV-1a, 32 bits.
  private static func mark(of text: String) -> String {
    let hash = text.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  // MARK: What is there

  /// The subnets that this machine has routes to, but for those of our own bridges.
  func routedSubnets(besides bridges: Set<String>) throws -> [IPPrefix] {
    try HostLinks().routedSubnets(besides: bridges)
  }

  // MARK: The whole

  /// Brings bridges and tables to what `networks` and `grants` say, whatever a server before or another program left.
  func install(_ networks: [NetworkDefinition], _ grants: [NetworkGrant]) throws {
    let links = try HostLinks()
    let firewall = try Firewall(tableName: name)
    var opened = Opened(links: links, firewall: firewall)
    try becomeRouter(.version4, links)
    var plan = FirewallPlan()
    for network in networks {
      let bridge = try network.bridge(defaultName: defaultBridge)
      if network.shown.enableIPv6 { try becomeRouter(.version6, links) }
      opened.bridges[network.id] = try links.establish(bridge)
      plan.networks.append(FirewallNetwork(bridge))
    }
    plan.guardedLinks = try guardRecord().links
    plan.endpoints = grants.flatMap(\.firewallEndpoints)
    plan.ports = grants.flatMap(\.publishedPorts)
    try firewall.install(plan)
    // Cables whose bridge was made anew hang in the air.
    for endpoint in grants.flatMap(\.endpoints) {
      guard let bridge = opened.bridges[endpoint.network], try links.exists(endpoint.link) else { continue }
      try links.plug(endpoint.link, into: bridge)
    }
    self.opened.withLock { $0 = opened }
  }

  /// Whether it has been installed since this server began.
  var isInstalled: Bool { opened.withLock { $0 != nil } }

  /// What was found when this machine was made a router: the families that it did not forward before, and its links.
  private func guardRecord() throws -> (families: [String], links: [String]) {
    guard let bytes = try HostFiles.readIfPresent(guardFile) else { return ([], []) }
    let words = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    func values(_ key: String) -> [String] { words.filter { $0.count == 2 && $0[0] == key }.map { $0[1] } }
    return (values("family"), values("link"))
  }

  private func becomeRouter(_ family: IPAddress.Family, _ links: HostLinks) throws {
    guard mayBecomeRouter, try HostNetwork.becomeRouter(family) else { return }
    let known = try guardRecord()
    let found = known.links.isEmpty ? try links.names(besides: defaultBridge) : known.links
    let lines = (known.families + ["\(family)"]).map { "family \($0)" } + found.map { "link \($0)" }
    try HostFiles.replace(guardFile, with: Array(lines.joined(separator: "\n").utf8))
  }

  /// Undoes that, unless another program has chains for what is forwarded by now: then it is its business, too.
  private func resignRouter(_ firewall: Firewall) throws {
    let families = try guardRecord().families
    guard !families.isEmpty else { return }
    if try !firewall.hasForeignForwarding() {
      for family in [IPAddress.Family.version4, .version6] where families.contains("\(family)") {
        try HostNetwork.resignRouter(family)
      }
    }
    try Converge.removeRecord(guardFile)
  }

  /// Takes everything away. A machine that never had any of it is no matter.
  func remove(_ networks: [NetworkDefinition]) throws {
    let opened = self.opened.withLock { opened in
      defer { opened = nil }
      return opened
    }
    let firewall = try opened?.firewall ?? Firewall(tableName: name)
    if try firewall.isInstalled() { try firewall.remove() }
    try resignRouter(firewall)
    let links = try opened?.links ?? HostLinks()
    for network in networks where network.driver == .bridge {
      let bridge = try network.bridge(defaultName: defaultBridge).name
      if try links.hasBridge(bridge) { try links.remove(bridge) }
    }
  }

  // MARK: Networks

  /// Makes sure that a network's bridge is there and known to the firewall.
  func establish(_ network: NetworkDefinition) throws {
    try withOpened { opened in
      guard opened.bridges[network.id] == nil else { return }
      let bridge = try network.bridge(defaultName: defaultBridge)
      if network.shown.enableIPv6 { try becomeRouter(.version6, opened.links) }
      opened.bridges[network.id] = try opened.links.establish(bridge)
      try opened.firewall.add(FirewallNetwork(bridge))
    }
  }

  /// Takes a network's bridge away, if it is there.
  func remove(_ network: NetworkDefinition) throws {
    guard isInstalled else { return }
    try withOpened { opened in
      guard opened.bridges.removeValue(forKey: network.id) != nil else { return }
      let bridge = try network.bridge(defaultName: defaultBridge)
      try opened.firewall.remove(FirewallNetwork(bridge))
      try opened.links.remove(bridge.name)
    }
  }

  // MARK: Containers

  /// Lays a container's cables and publishes its ports.
  func connect(
    _ sandbox: NetworkSandbox, _ endpoints: [(NetworkGrant.Endpoint, NetworkDefinition)], _ ports: [PublishedPort]
  ) throws {
    try withOpened { opened in
      // First, so that nothing comes out of a cable that is not looked at.
      try opened.firewall.add(endpoints.map(\.0.firewall), ports)
      for (endpoint, network) in endpoints {
        let bridge = try network.bridge(defaultName: defaultBridge)
        guard let index = opened.bridges[network.id] else { throw gone(bridge.name) }
        // Of an earlier run, whose namespace is still being taken down.
        if try opened.links.exists(endpoint.link) { try opened.links.remove(endpoint.link) }
        try opened.links.connect(
          sandbox, endpoint.interface(mtu: bridge.mtu), to: index, as: endpoint.link,
          isolated: !bridge.connectsContainers)
      }
    }
  }

  /// Takes back what `connect` told the firewall. The cables go by `unplug`, which takes longer.
  func forget(_ endpoints: [NetworkGrant.Endpoint], _ ports: [PublishedPort]) throws {
    guard isInstalled else { return }
    try withOpened { opened in try opened.firewall.remove(endpoints.filter(\.isCabled).map(\.firewall), ports) }
  }

  /// Takes cables away; those that are gone already are no matter.
  func unplug(_ links: [String]) throws {
    guard isInstalled, !links.isEmpty else { return }
    try withOpened { opened in
      for link in links { try opened.links.remove(link) }
    }
  }

  /// Changes only the published ports of a container.
  func publish(_ added: [PublishedPort], removing removed: [PublishedPort]) throws {
    try withOpened { opened in
      try opened.firewall.remove([], removed)
      try opened.firewall.add([], added)
    }
  }

  private func withOpened<Result>(_ body: (inout Opened) throws -> Result) throws -> Result {
    try opened.withLock { opened in
      guard var value = opened else { throw gone(name) }
      defer { opened = value }
      return try body(&value)
    }
  }

  private func gone(_ name: String) -> ClassifiedError {
    ClassifiedError(.system, "the network of this machine has not been set up", object: name)
  }
}
