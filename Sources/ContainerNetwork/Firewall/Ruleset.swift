import NetworkAddresses
import Netlink

/// Our table: what it is made of, as text would say it. nft(8).
///
/// Nothing is accepted for good: what a chain of ours lets pass still meets the host's own chains. Containers and ports
/// are elements of sets, so the rules stay the same however many there are.
struct Ruleset {
  let table: FirewallTable

  init(name: String) {
    table = FirewallTable(.inet, name)
  }

  // MARK: Sets

  /// The bridges of all networks, and of those from which nothing leaves the machine.
  var bridges: FirewallSet { FirewallSet("bridges", in: table, of: [.interface]) }
  var internalBridges: FirewallSet { FirewallSet("internal-bridges", in: table, of: [.interface]) }
  /// Links between which nothing is forwarded.
  func guarded(_ family: IPAddress.Family) -> FirewallSet {
    FirewallSet("guarded\(family.digit)", in: table, of: [.interface])
  }
  /// Each bridge with its subnets.
  func members(_ family: IPAddress.Family) -> FirewallSet {
    FirewallSet("members\(family.digit)", in: table, of: [.interface, family.type], isInterval: true)
  }
  /// Each bridge twice whose containers reach each other: what comes in by it and leaves by it.
  var turns: FirewallSet { FirewallSet("turns", in: table, of: [.interface, .interface]) }
  /// Subnets whose packets leave the machine under its address.
  func masqueraded(_ family: IPAddress.Family) -> FirewallSet {
    FirewallSet("masqueraded\(family.digit)", in: table, of: [family.type], isInterval: true)
  }
  /// (address of this machine, protocol, port) → (address of the container, port).
  func ports(_ family: IPAddress.Family) -> FirewallSet {
    FirewallSet(
      mapNamed: "ports\(family.digit)", in: table, from: [family.type, .transportProtocol, .port],
      to: [family.type, .port])
  }
  /// The same for ports of every address.
  func portsOfAll(_ family: IPAddress.Family) -> FirewallSet {
    FirewallSet(
      mapNamed: "ports\(family.digit)-of-all", in: table, from: [.transportProtocol, .port], to: [family.type, .port])
  }

  static let families: [IPAddress.Family] = [.version4, .version6]

  private var sets: [FirewallSet] {
    [bridges, internalBridges, turns]
      + Self.families.flatMap { [guarded($0), masqueraded($0), members($0), ports($0), portsOfAll($0)] }
  }

  // MARK: Elements

  /// The elements that stand for a network.
  func elements(of network: FirewallNetwork) -> [(FirewallSet, FirewallElement)] {
    let bridge = FirewallValue.interface(network.bridge)
    var elements = [(bridges, FirewallElement([bridge]))]
    if network.connectsContainers { elements.append((turns, FirewallElement([bridge, bridge]))) }
    elements += network.gateways.map { gateway in
      let subnet = gateway.network
      return (
        members(subnet.family),
        FirewallElement(from: [bridge, .address(subnet.first)], through: [bridge, .address(subnet.last)])
      )
    }
    if network.isInternal {
      elements.append((internalBridges, FirewallElement([bridge])))
    } else if network.masquerades {
      elements += network.gateways.map { (masqueraded($0.address.family), FirewallElement($0.network)) }
    }
    return elements
  }

  func elements(guarding links: [IPAddress.Family: [String]]) -> [(FirewallSet, FirewallElement)] {
    Self.families.flatMap { family in
      (links[family] ?? []).map { (guarded(family), FirewallElement([.interface($0)])) }
    }
  }

  /// None for a port that the kernel cannot lead to its container.
  func elements(of port: PublishedPort) -> [(FirewallSet, FirewallElement)] {
    guard port.isTranslated else { return [] }
    let family = port.containerAddress.family
    let target: [FirewallValue] = [.address(port.containerAddress), .port(port.containerPort)]
    let place: [FirewallValue] = [.transport(port.transport.number), .port(port.hostPort)]
    if port.hostAddress.isUnspecified { return [(portsOfAll(family), FirewallElement(place, to: target))] }
    return [(ports(family), FirewallElement([.address(port.hostAddress)] + place, to: target))]
  }

  /// Elements of the same set in one message.
  static func grouped(_ elements: [(FirewallSet, FirewallElement)]) -> [(FirewallSet, [FirewallElement])] {
    var order: [FirewallSet] = []
    var groups: [FirewallSet: [FirewallElement]] = [:]
    for (set, element) in elements {
      if groups[set] == nil { order.append(set) }
      groups[set, default: []].append(element)
    }
    return order.map { ($0, groups[$0] ?? []) }
  }

  // MARK: The whole

  /// Puts everything in place of whatever has our table's name.
  func installation(of plan: FirewallPlan) -> FirewallTransaction {
    var transaction = FirewallTransaction()
    transaction.deleteIfPresent(table)
    transaction.add(table)
    for set in sets { transaction.add(set) }
    addRules(to: &transaction)
    var elements = plan.networks.flatMap { self.elements(of: $0) }
    elements += plan.ports.flatMap { self.elements(of: $0) }
    elements += self.elements(guarding: plan.guardedLinks)
    for (set, members) in Self.grouped(elements) { transaction.add(members, to: set) }
    return transaction
  }

  /// How many rules there are.
  var ruleCount: Int {
    var transaction = FirewallTransaction()
    addRules(to: &transaction)
    return transaction.ruleCount
  }

  var removal: FirewallTransaction {
    var transaction = FirewallTransaction()
    transaction.deleteIfPresent(table)
    return transaction
  }
}

extension IPAddress.Family {
  var digit: String { self == .version4 ? "4" : "6" }
  var type: FirewallType { self == .version4 ? .ip4 : .ip6 }
  var networkProtocol: FirewallValue { self == .version4 ? .ip4 : .ip6 }
  var source: FirewallField { self == .version4 ? .ip4Source : .ip6Source }
  var destination: FirewallField { self == .version4 ? .ip4Destination : .ip6Destination }
}
