import NetworkAddresses
import Netlink

extension Ruleset {
  /// The chains and their rules. They never change while the server runs.
  func addRules(to transaction: inout FirewallTransaction) {
    addTranslations(to: &transaction)
    addFilters(to: &transaction)
  }

  // MARK: Published ports, and the way out

  private func addTranslations(to transaction: inout FirewallTransaction) {
    let published = FirewallChain("published", in: table)
    let prerouting = FirewallChain(
      "prerouting", in: table,
      hook: FirewallHook(.nat, .prerouting, priority: FirewallHook.Priority.destinationNAT))
    let output = FirewallChain(
      "output", in: table, hook: FirewallHook(.nat, .output, priority: FirewallHook.Priority.destinationNAT))
    let postrouting = FirewallChain(
      "postrouting", in: table, hook: FirewallHook(.nat, .postrouting, priority: FirewallHook.Priority.sourceNAT))
    for chain in [published, prerouting, output, postrouting] { transaction.add(chain) }

    // From elsewhere no packet for a loopback address is taken. Translated, it would be: so what is published there only is
    // not reached by neighbours that send such packets.
    transaction.add(
      FirewallRule(
        in: prerouting,
        [
          .match(.networkProtocol, .equal, .ip4), .match(.ip4Destination, in: IPAddress.Family.version4.loopback),
          .return,
        ]))
    for chain in [prerouting, output] {
      transaction.add(FirewallRule(in: chain, [.match(.destinationKind, .equal, .local), .jump(published)]))
    }
    // What comes to ::1 no link leads on: it is relayed.
    transaction.add(
      FirewallRule(
        in: published,
        [
          .match(.networkProtocol, .equal, .ip6), .match(.ip6Destination, .equal, .address(.loopback(.version6))),
          .return,
        ]))
    for family: IPAddress.Family in [.version4, .version6] {
      let isFamily = FirewallStatement.match(.networkProtocol, .equal, family.networkProtocol)
      for transport in TransportProtocol.allCases {
        // The ports are looked at only in packets that have some.
        let isTransport = FirewallStatement.match(.transportProtocol, .equal, .transport(transport.number))
        transaction.add(
          FirewallRule(
            in: published,
            [
              isFamily, isTransport,
              .translateDestination(
                by: [family.destination, .transportProtocol, .destinationPort], in: ports(family), family),
            ]))
        transaction.add(
          FirewallRule(
            in: published,
            [
              isFamily, isTransport,
              .translateDestination(by: [.transportProtocol, .destinationPort], in: portsOfAll(family), family),
            ]))
      }
      addSourceTranslations(family, isFamily, to: postrouting, &transaction)
    }
  }

  private func addSourceTranslations(
    _ family: IPAddress.Family, _ isFamily: FirewallStatement, to chain: FirewallChain,
    _ transaction: inout FirewallTransaction
  ) {
    let toBridge = FirewallStatement.match([.outputInterfaceName], in: bridges)
    // From this machine by a loopback address: no container has a way back to it.
    transaction.add(
      FirewallRule(
        in: chain, comment: "from this machine's loopback",
        [isFamily, toBridge, .match(family.source, in: family.loopback), .masquerade()]))
    // From a container through a published port to its own network: the answer must come back through this machine. Where
    // bridges hand their packets to the filter themselves (br_netfilter), no interface is known that they came in by.
    transaction.add(
      FirewallRule(
        in: chain, comment: "hairpin",
        [
          isFamily, .match([.outputInterfaceName, family.source], in: members(family)),
          .connection(ConnectionStatus.destinationTranslated), .masquerade(),
        ]))
    transaction.add(
      FirewallRule(
        in: chain, comment: "out of the machine",
        [
          isFamily, .match([family.source], in: masqueraded(family)),
          .match([.outputInterfaceName], in: bridges, inverted: true), .masquerade(),
        ]))
  }

  // MARK: Who may reach whom

  private func addFilters(to transaction: inout FirewallTransaction) {
    let forward = FirewallChain(
      "forward", in: table, hook: FirewallHook(.filter, .forward, priority: FirewallHook.Priority.filter))
    transaction.add(forward)

    let fromBridge = FirewallStatement.match([.inputInterfaceName], in: bridges)
    let toBridge = FirewallStatement.match([.outputInterfaceName], in: bridges)
    let fromElsewhere = FirewallStatement.match([.inputInterfaceName], in: bridges, inverted: true)
    let toElsewhere = FirewallStatement.match([.outputInterfaceName], in: bridges, inverted: true)
    // First what nearly every packet is: each rule that it passes costs it a thirtieth of its way.
    transaction.add(FirewallRule(in: forward, [.connection([.established, .related]), .accept]))
    for family in Self.families {
      transaction.add(
        FirewallRule(
          in: forward, comment: "this machine is a router for containers only",
          [
            .match(.networkProtocol, .equal, family.networkProtocol),
            .match([.inputInterfaceName], in: guarded(family)),
            .match([.outputInterfaceName], in: guarded(family)), .drop,
          ]))
    }
    transaction.add(FirewallRule(in: forward, [fromElsewhere, toElsewhere, .accept]))
    transaction.add(
      FirewallRule(
        in: forward, comment: "to a published port",
        [toBridge, .connection(ConnectionStatus.destinationTranslated), .accept]))
    transaction.add(
      FirewallRule(
        in: forward, comment: "within one network",
        [.match([.inputInterfaceName, .outputInterfaceName], in: turns), .accept]))
    transaction.add(
      FirewallRule(
        in: forward, comment: "internal networks have no way out",
        [.match([.inputInterfaceName], in: internalBridges), toElsewhere, .drop]))
    transaction.add(FirewallRule(in: forward, [fromBridge, toElsewhere, .accept]))
    transaction.add(
      FirewallRule(
        in: forward, comment: "neither other networks nor other machines reach a container by its address",
        [toBridge, .drop]))
  }
}

extension IPAddress.Family {
  fileprivate var loopback: IPPrefix {
    IPPrefix(containing: .loopback(self), length: self == .version4 ? 8 : 128) ?? IPPrefix(.loopback(self))
  }
}
