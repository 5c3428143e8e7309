import ContainerNetwork
import Diagnostics
import EngineAPI
import LinuxKernel
import Logging
import NetworkAddresses
import Synchronization

/// The network of this machine, as far as it is ours: bridges, cables, and a table of the packet filter.
///
/// It is opened when the first container needs it, so that a machine without the means runs those that do not. All calls
/// block; they come from one thread.
final class NetworkHost: Sendable {
  struct Opened {
    let links: HostLinks
    let firewall: Firewall
    /// The index of each network's bridge that has been established, by the network's id.
    var bridges: [String: UInt32] = [:]
    /// The names of these bridges.
    var names: [String: String] = [:]
  }

  /// What the table and the default network's bridge are called: `apus`, or a name that two servers do not share.
  let name: String
  let defaultBridge: String
  let logger: Logger
  let mayBecomeRouter: Bool
  private let opened = Mutex<Opened?>(nil)
  /// One for good, since it knows its own changes again by its socket.
  private let firewall = Mutex<Firewall?>(nil)
  /// The bridges that have been established, by their indices: for those who must not wait for what is done meanwhile.
  let bridges = Mutex<[UInt32: String]>([:])
  /// Of containers in this machine's own network.
  let detours = Mutex<SocketDetours?>(nil)
  /// What the log has been told once.
  let said = Mutex<Set<String>>([])
  /// The advice about a filter of another kind is given once.
  let hasAdvised = Mutex(false)
  /// What was found when this machine was made a router: a later server must go on guarding it.
  let guardFile: String
  /// Our addresses on bridges that others have made.
  let guests: GuestAddresses
  /// The links of this machine that had no place for filters before.
  let filterRecord: String

  init(_ configuration: EngineConfiguration) {
    let isUsual = configuration.dataRoot == EngineConfiguration.usualDataRoot
    name = isUsual ? "apus" : "apus-\(Self.mark(of: configuration.dataRoot))"
    defaultBridge = isUsual ? "apus0" : name
    filterRecord = "\(configuration.execRoot)/filters-opened"
    guardFile = "\(configuration.execRoot)/forwarding-guarded"
    guests = GuestAddresses(record: "\(configuration.execRoot)/bridge-addresses")
    logger = configuration.logger
    mayBecomeRouter = configuration.networking.becomesRouter
  }

  /// A number that stands for a text: FNV-1a.
  static func hash(of text: String) -> UInt32 {
    text.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
  }

  /// The same in eight hexadecimal digits.
  static func mark(of text: String) -> String {
    let digits = String(hash(of: text), radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// By which our bridges are known again.
  var bridgeMark: String { "\(name): bridge of a network" }

  // MARK: What is there

  /// The subnets that this machine has routes to, but for those of our own bridges.
  func routedSubnets(besides bridges: Set<String>) throws -> [IPPrefix] {
    try HostLinks().routedSubnets(besides: bridges)
  }

  // MARK: The whole

  /// The packet filter, opened when it is asked for first.
  func openFirewall() throws -> Firewall {
    try firewall.withLock { firewall in
      if let firewall { return firewall }
      let new = try Firewall(tableName: name)
      firewall = new
      return new
    }
  }

  /// Brings bridges, cables and table to what `networks` and `grants` say, whatever a server before or another program left.
  ///
  /// - Parameter others: The limiters that no cable leads to.
  func install(
    _ networks: [NetworkDefinition], _ grants: [NetworkGrant], _ limited: [LimitedCables] = [],
    besides others: [BandwidthLimiter] = []
  ) throws {
    let links = try HostLinks()
    let firewall = try openFirewall()
    var opened = Opened(links: links, firewall: firewall)
    let hasVersion6 = networks.contains { $0.shown.enableIPv6 }
    let routed = try prepareRouting([.version4] + (hasVersion6 ? [.version6] : []), links)
    var plan = FirewallPlan()
    var bridges: [String: Bridge] = [:]
    for network in networks {
      let bridge = try network.bridge(defaultName: defaultBridge)
      opened.bridges[network.id] = try links.establish(bridge, mark: bridgeMark, guests)
      opened.names[network.id] = bridge.name
      bridges[network.id] = bridge
      plan.networks.append(FirewallNetwork(bridge))
    }
    try links.removeBridges(mark: bridgeMark, besides: Set(plan.networks.map(\.bridge)))
    try guests.leave(links, besides: Array(bridges.values))
    plan.guardedLinks = try guardedLinks(firewall)
    plan.ports = grants.flatMap(\.publishedPorts)
    try firewall.install(plan)
    // Guarded first.
    for family in routed { try HostNetwork.becomeRouter(family) }
    // Cables whose bridge was made anew hang in the air, and another program may have taken the checks away.
    for endpoint in grants.flatMap(\.cabled) {
      guard let bridge = bridges[endpoint.network], let index = opened.bridges[endpoint.network],
        try links.exists(endpoint.link)
      else { continue }
      do {
        try links.check(endpoint.link, endpoint.sender(to: bridge))
        try links.plug(endpoint.link, into: index, isolated: !bridge.connectsContainers)
      } catch {
        // Its container has ended meanwhile.
        guard try !links.exists(endpoint.link) else { throw error }
      }
    }
    keep(opened)
    try limit(limited, besides: others, links)
  }

  private func keep(_ opened: Opened) {
    self.opened.withLock { $0 = opened }
    tellOthers(opened)
  }

  /// Tells those who must know which bridges there are now.
  private func tellOthers(_ opened: Opened) {
    let names = opened.bridges.map { ($0.value, opened.names[$0.key] ?? "") }
    bridges.withLock { $0 = Dictionary(names) { first, _ in first } }
    acceptBesideOthers(opened.firewall)
  }

  /// Whether it has been installed since this server began.
  var isInstalled: Bool { opened.withLock { $0 != nil } }

  /// Takes everything away but some limiters, of containers that have no cables. A machine that never had any of it is no
  /// matter.
  func remove(besides others: [BandwidthLimiter]) throws {
    let opened = self.opened.withLock { opened in
      defer { opened = nil }
      return opened
    }
    let firewall = try openFirewall()
    if try firewall.isInstalled() { try firewall.remove() }
    bridges.withLock { $0 = [:] }
    acceptBesideOthers(firewall)
    try resignRouter(firewall)
    let links = try opened?.links ?? HostLinks()
    try links.removeLimiters(group: limiterGroup, besides: others)
    try links.removeBridges(mark: bridgeMark, besides: [])
    try guests.leave(links, besides: [])
  }

  // MARK: Networks

  /// Makes sure that a network's bridge is there and known to the firewall.
  func establish(_ network: NetworkDefinition) throws {
    try withOpened { opened in
      guard opened.bridges[network.id] == nil else { return }
      let bridge = try network.bridge(defaultName: defaultBridge)
      if network.shown.enableIPv6 { try routeVersion6(opened) }
      opened.bridges[network.id] = try opened.links.establish(bridge, mark: bridgeMark, guests)
      opened.names[network.id] = bridge.name
      try opened.firewall.add(FirewallNetwork(bridge))
      tellOthers(opened)
    }
  }

  private func routeVersion6(_ opened: Opened) throws {
    let routed = try prepareRouting([.version6], opened.links)
    guard !routed.isEmpty else { return }
    try opened.firewall.guardLinks(guardedLinks(opened.firewall))
    for family in routed { try HostNetwork.becomeRouter(family) }
  }

  /// Takes a network's bridge away, if it is there.
  func remove(_ network: NetworkDefinition) throws {
    guard isInstalled else { return }
    try withOpened { opened in
      guard opened.bridges.removeValue(forKey: network.id) != nil else { return }
      let bridge = try network.bridge(defaultName: defaultBridge)
      try opened.firewall.remove(FirewallNetwork(bridge))
      try opened.links.remove(bridge, mark: bridgeMark)
      try guests.leave(opened.links, of: bridge)
      opened.names[network.id] = nil
      tellOthers(opened)
    }
  }

  // MARK: Containers

  /// Lays a container's cables, with their limits, and publishes its ports.
  func connect(
    _ sandbox: NetworkSandbox, _ endpoints: [(NetworkGrant.Endpoint, NetworkDefinition)], _ ports: [PublishedPort],
    _ limiter: BandwidthLimiter?
  ) throws {
    try withOpened { opened in
      if let limiter { try opened.links.establish(limiter, group: limiterGroup) }
      try FailPoint.networkBeforeCables.pass()
      try opened.firewall.add(ports)
      forgetFlows(to: ports, opened.firewall)
      for (endpoint, network) in endpoints {
        let bridge = try network.bridge(defaultName: defaultBridge)
        guard let index = opened.bridges[network.id] else { throw gone(bridge.name) }
        // Of an earlier run, whose namespace is still being taken down.
        if try opened.links.exists(endpoint.link) { try opened.links.remove(endpoint.link) }
        try opened.links.connect(
          sandbox, endpoint.interface(mtu: bridge.mtu), to: index, as: endpoint.link, endpoint.sender(to: bridge),
          isolated: !bridge.connectsContainers, limiter: limiter)
      }
    }
  }

  /// Takes back what `connect` told the firewall. The cables go by `unplug`, which takes longer.
  func forget(_ ports: [PublishedPort]) throws {
    guard !ports.isEmpty else { return }
    defer { forgetConnections(answeredBy: Set(ports.map(\.containerAddress))) }
    guard isInstalled else { return }
    try withOpened { opened in try opened.firewall.remove(ports) }
  }

  /// Of addresses that are nobody's any more.
  func forgetConnections(answeredBy addresses: Set<IPAddress>) {
    guard !addresses.isEmpty else { return }
    do {
      try openFirewall().forgetConnections(answeredBy: addresses)
    } catch {
      sayOnce("connections through published ports outlive their container: \(explanation(of: error))")
    }
  }

  private func forgetFlows(to ports: [PublishedPort], _ firewall: Firewall) {
    do {
      try firewall.forgetFlows(to: ports)
    } catch {
      sayOnce("flows from before a port was published go on past it: \(explanation(of: error))")
    }
  }

  /// Takes cables away; those that are gone already are no matter.
  func unplug(_ links: [String]) throws {
    guard !links.isEmpty else { return }
    try removeDetours(to: links)
    try withLinks { try $0.remove(links) }
  }

  /// Changes only the published ports of a container, all at once.
  func publish(_ added: [PublishedPort], removing removed: [PublishedPort]) throws {
    try withOpened { opened in
      try opened.firewall.replace(removed, with: added)
      forgetFlows(to: added, opened.firewall)
    }
  }

  /// Links are there to be looked at and taken away, whether or not there is a filter.
  func withLinks<Result>(_ body: (HostLinks) throws -> Result) throws -> Result {
    guard isInstalled else { return try body(HostLinks()) }
    return try withOpened { try body($0.links) }
  }

  func withOpened<Result>(_ body: (inout Opened) throws -> Result) throws -> Result {
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
