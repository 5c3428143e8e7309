import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import TestSupport
import Testing

/// The whole of a published port on a real kernel: a client's namespace, a host's with bridge and rules, and a guest's.
@Suite(.needs(.root)) struct PublishedPortTests {
  @Test func aConnectionReachesTheGuestAndASpoofedOneDoesNot() throws {
    try inNewNamespace { route, firewall in
      let network = try TestNetwork.make(&route)
      try firewall.request(network.ruleset().messages, context: "ruleset")

      let listener = try Namespace.within(network.guest, .net) { () throws(SystemError) in try listen(atPort: 80) }
      // From the client's namespace to the host's address: the guest sees the client's own.
      let client = try Namespace.within(network.client, .net) { () throws(SystemError) in
        try TCPConnection.connect(host: "192.0.2.1", port: 8080)
      }
      guard let server = try listener.accept() else { throw SystemError(errno: ECONNABORTED, call: "accept") }
      let peer = server.peerAddress
      #expect(peer == IPAddress(192, 0, 2, 2))
      try client.writeAll("hello")
      let received = try server.read(upTo: 10)
      #expect(received == Array("hello".utf8))

      // A port is one element: taking it away ends the publishing, and nothing else.
      var removal = FirewallTransaction()
      removal.delete([network.published], from: network.ports)
      try firewall.request(removal.messages)
      var refusal: Int32 = 0
      do throws(SystemError) {
        _ = try Namespace.within(network.client, .net) { () throws(SystemError) in
          try TCPConnection.connect(host: "192.0.2.1", port: 8080)
        }
      } catch {
        refusal = error.errno
      }
      #expect(refusal == ECONNREFUSED)

      // From the guest with an address that is not its own: dropped before the bridge learns anything.
      let spoofed = try #require(InterfaceAddress("10.9.0.66/24"))
      var guestRoute = try NetlinkSocket.open(.route, in: network.guest)
      try guestRoute.request(.addAddress(spoofed, to: 2))
      let drops = NetlinkQuery<FirewallRuleInfo>.rules(of: network.guardTable, chain: "prerouting")
      let before = try #require(try firewall.dump(drops).last?.counter?.packets)
      try Namespace.within(network.guest, .net) { () throws(SystemError) in
        try Datagram.send(from: spoofed.address, to: IPAddress(10, 9, 0, 1), port: 9)
      }
      let after = try #require(try firewall.dump(drops).last?.counter?.packets)
      #expect(after > before)
    }
  }

  @Test func rulesAreSeenAsTheyWereWritten() throws {
    try inNewNamespace { route, firewall in
      let network = try TestNetwork.make(&route)
      try firewall.request(network.ruleset().messages)
      let elements = try firewall.dump(.elements(of: network.ports)).flatMap(\.elements)
      #expect(elements.count == 1)
      #expect(elements[0].isSame(as: network.published, in: network.ports))
      #expect(elements[0].comment == "web 8080")
      let verdicts = try firewall.dump(.elements(of: network.bridges)).flatMap(\.elements)
      #expect(verdicts.map(\.verdict) == [.jump("bridge-apus0")])
      let known = try firewall.dump(.elements(of: network.members)).flatMap(\.elements)
      #expect(known.count == 1 && known[0].isSame(as: network.member, in: network.members))
      let bases = try firewall.dump(.chains(.inet)).filter(\.isBase).map(\.chain)
      #expect(Set(bases) == [network.prerouting, network.postrouting, network.forward])
    }
  }

  @Test func newsWhenATableIsTakenAway() throws {
    try inNewNamespace { _, firewall in
      let table = FirewallTable(.inet, "apus")
      var change = FirewallTransaction()
      change.add(table)
      try firewall.request(change.messages)
      var listener = try NetlinkSocket(.netfilter)
      try listener.subscribe(to: FirewallGroup.changes)
      var removal = FirewallTransaction()
      removal.delete(table)
      try firewall.request(removal.messages)
      var tables: [FirewallTableInfo] = []
      var generations: [FirewallGenerationInfo] = []
      while case let news = try listener.receive(), !news.isEmpty {
        for message in news {
          if let table = try FirewallTableInfo(message) { tables.append(table) }
          if let generation = try FirewallGenerationInfo(message) { generations.append(generation) }
        }
      }
      #expect(tables.map(\.table) == [table] && tables[0].isDeleted)
      #expect(generations.count == 1 && generations[0].thread != nil && generations[0].threadName != nil)
    }
  }

  @Test func aRuleIsPutIntoAForeignChainAndFoundAgain() throws {
    try inNewNamespace { _, firewall in
      let chain = FirewallChain("DOCKER-USER", in: FirewallTable(.ip, "filter"))
      var foreign = FirewallTransaction()
      foreign.add(chain.table)
      foreign.add(chain)
      foreign.add(FirewallRule(in: chain, [.counter, .return]))
      try firewall.request(foreign.messages)

      #expect(try firewall.dump(.chains(.ip)).contains { $0.chain == chain })
      var change = FirewallTransaction()
      change.add(
        FirewallRule(
          in: chain, comment: "apus",
          [.match(.inputInterfaceName, .equal, .interfacePrefix("apus")), .counter, .accept]),
        .first)
      try firewall.request(change.messages)
      let rules = try firewall.dump(.rules(of: chain.table, chain: chain.name))
      #expect(rules.map(\.comment) == ["apus", nil])
      var between = FirewallTransaction()
      between.add(FirewallRule(in: chain, comment: "between", [.counter]), .after(rules[0].handle))
      between.add(FirewallRule(in: chain, comment: "before", [.counter]), .before(rules[1].handle))
      try firewall.request(between.messages)
      #expect(try firewall.dump(.rules(of: chain.table)).map(\.comment) == ["apus", "between", "before", nil])
      var replacement = FirewallTransaction()
      replacement.add(FirewallRule(in: chain, comment: "apus 2", [.counter, .drop]), .replacing(rules[0].handle))
      try firewall.request(replacement.messages)
      let replaced = try firewall.dump(.rules(of: chain.table))
      #expect(replaced.map(\.comment) == ["apus 2", "between", "before", nil])
      #expect(replaced[0].verdict == .drop)
    }
  }
}
