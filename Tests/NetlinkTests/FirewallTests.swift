import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import TestSupport
import Testing

@Suite(.needs(.root)) struct FirewallTests {
  @Test func tablesChainsRulesAndSets() throws {
    try inNewNamespace { _, firewall in
      let table = FirewallTable(.inet, "apus")
      let forward = FirewallChain(
        "forward", in: table, hook: FirewallHook(.filter, .forward, priority: 0), policy: .drop)
      let guests = FirewallChain("guests", in: table)
      let blocked = FirewallSet("blocked", in: table, of: [.ip4], isInterval: true, comment: "who stays out")
      var change = FirewallTransaction()
      change.add(table)
      change.add(guests)
      change.add(forward)
      change.add(blocked)
      let network = try #require(IPPrefix("192.0.2.0/24"))
      let end = try #require(IPPrefix("255.255.255.0/24"))
      change.add([FirewallElement(network), FirewallElement(end)], to: blocked)
      change.add(
        FirewallRule(in: forward, comment: "established", [.connection([.established, .related]), .counter, .accept]))
      change.add(
        FirewallRule(
          in: forward,
          [.match(.networkProtocol, .equal, .ip4), .match([.ip4Source], in: blocked), .rejectProhibited]))
      change.add(FirewallRule(in: forward, [.match(.inputInterfaceName, .equal, .interface("br0")), .jump(guests)]))
      change.add(FirewallRule(in: guests, [.match(.outputInterfaceName, .notEqual, .interfacePrefix("br")), .accept]))
      try firewall.request(change.messages)

      #expect(try firewall.dump(.tables()).map(\.table) == [table])
      let chains = try firewall.dump(.chains(.inet))
      #expect(Set(chains.map(\.chain)) == [forward, guests])
      let rules = try firewall.dump(.rules(of: table, chain: "forward"))
      #expect(rules.map(\.comment) == ["established", nil, nil])
      #expect(rules.map(\.verdict) == [.accept, nil, .jump("guests")])
      #expect(rules.first?.expressions == ["ct", "bitwise", "cmp", "counter", "immediate"])
      let set = try #require(try firewall.dump(.sets(of: table)).first)
      #expect(set.name == "blocked" && set.isInterval && set.comment == "who stays out" && set.keyLength == 4)
      let elements = try firewall.dump(.elements(of: blocked)).flatMap(\.elements)
      #expect(elements.filter { !$0.isRangeEnd }.count == 2)

      var removal = FirewallTransaction()
      removal.deleteRule(rules[0].handle, in: forward)
      removal.delete([FirewallElement(network)], from: blocked)
      try firewall.request(removal.messages)
      #expect(try firewall.dump(.rules(of: table, chain: "forward")).count == 2)
      #expect(try firewall.dump(.elements(of: blocked)).flatMap(\.elements).filter { !$0.isRangeEnd }.count == 1)
    }
  }

  @Test func aTransactionIsDoneAtOnceOrNotAtAll() throws {
    try inNewNamespace { _, firewall in
      let table = FirewallTable(.ip, "one")
      var change = FirewallTransaction()
      change.add(table)
      change.delete(FirewallChain("none", in: table))
      let messages = change.messages
      let error = #expect(throws: SystemError.self) { try firewall.request(messages) }
      #expect(error?.errno == ENOENT && error?.object == "ip one none")
      #expect(try firewall.dump(.tables()).isEmpty)
      // The socket is of use after it.
      var again = FirewallTransaction()
      again.deleteIfPresent(table)
      again.add(table)
      try firewall.request(again.messages)
      #expect(try firewall.dump(.tables()).map(\.table) == [table])
    }
  }
}
