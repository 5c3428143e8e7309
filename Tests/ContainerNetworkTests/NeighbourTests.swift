import ContainerNetwork
import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import TestSupport
import Testing

/// Others who change this machine's network: dockerd, and whoever takes something away. In network namespaces of their own.
struct NeighbourTests {
  private static func inNewNamespace(_ body: @escaping @Sendable (inout NetlinkSocket) throws -> Void) throws {
    try BackgroundThread {
      try Namespace.unshare(.net)
      var socket = try NetlinkSocket(.netfilter)
      try body(&socket)
    }.join()
  }

  /// What dockerd has in the table "filter", as far as it matters: its bridges, and the chain for others.
  private static func dockerd(bridges: [String], _ family: FirewallFamily = .ip) -> FirewallTransaction {
    let table = FirewallTable(family, "filter")
    let (user, own) = (FirewallChain("DOCKER-USER", in: table), FirewallChain("DOCKER", in: table))
    var transaction = FirewallTransaction()
    transaction.add(table)
    for chain in [user, own] { transaction.add(chain) }
    for bridge in bridges {
      transaction.add(
        FirewallRule(in: own, [.match(.outputInterfaceName, .equal, .interface(bridge)), .counter, .drop]))
    }
    transaction.add(FirewallRule(in: user, [.match(.inputInterfaceName, .equal, .interface("eth9")), .counter, .drop]))
    transaction.add(FirewallRule(in: user, [.counter, .return]))
    return transaction
  }

  private static func rules(_ socket: inout NetlinkSocket, _ chain: String) throws -> [String] {
    try socket.dump(.rules(of: FirewallTable(.ip, "filter"), chain: chain)).map { rule in
      "\(rule.inputInterface ?? "*") \(rule.outputInterface ?? "*") \(rule.verdict.map { "\($0)" } ?? "-")"
    }
  }

  @Test func dockerdIsToldAndToldNoMore() throws {
    try Self.inNewNamespace { socket in
      let firewall = try Firewall(tableName: "apus")
      #expect(try !firewall.acceptBesideDockerd(["apus0"]), "there is no dockerd")
      try socket.request(Self.dockerd(bridges: ["docker0"]).messages)
      #expect(try firewall.bridgesOfDockerd() == ["docker0"])
      #expect(try firewall.acceptBesideDockerd(["apus0"]))
      // Behind what others put there, and before the end.
      let jumps = ["eth9 * drop", #"apus0 * jump("APUS")"#, #"* apus0 jump("APUS")"#, "* * return"]
      #expect(try Self.rules(&socket, "DOCKER-USER") == jumps)
      #expect(try Self.rules(&socket, "APUS") == ["docker0 * return", "* docker0 return", "* * accept"])
      #expect(try !firewall.acceptBesideDockerd(["apus0"]), "it is so already")
      #expect(try firewall.acceptBesideDockerd(["apus0", "br-1"]))
      #expect(try Self.rules(&socket, "DOCKER-USER").count == 6)
      #expect(try firewall.acceptBesideDockerd([]))
      #expect(try Self.rules(&socket, "DOCKER-USER") == ["eth9 * drop", "* * return"])
      #expect(try !socket.dump(.chains(.ip)).contains { $0.chain.name == "APUS" })
    }
  }

  @Test func rulesThatCannotBeReachedAreMoved() throws {
    try Self.inNewNamespace { socket in
      let firewall = try Firewall(tableName: "apus")
      try socket.request(Self.dockerd(bridges: []).messages)
      try firewall.acceptBesideDockerd(["apus0"])
      // Somebody puts an end before them.
      var change = FirewallTransaction()
      change.add(
        FirewallRule(in: FirewallChain("DOCKER-USER", in: FirewallTable(.ip, "filter")), [.counter, .return]), .first)
      try socket.request(change.messages)
      #expect(try firewall.acceptBesideDockerd(["apus0"]))
      #expect(try Self.rules(&socket, "DOCKER-USER").first == #"apus0 * jump("APUS")"#)
    }
  }

  /// All that is to be read now.
  private static func datagrams(_ descriptor: borrowing Descriptor) throws -> [[UInt8]] {
    try descriptor.setNonblocking(true)
    var all: [[UInt8]] = []
    var buffer = [UInt8](repeating: 0, count: NewsSource.longestDatagram)
    while case .bytes(let count) = try descriptor.tryRead(into: &buffer) { all.append(Array(buffer.prefix(count))) }
    return all
  }

  @Test func onlyWhatOthersTakeAwayIsDamage() throws {
    try Self.inNewNamespace { socket in
      let firewall = try Firewall(tableName: "apus")
      let source = try NewsSource.firewall.open()
      try firewall.install(FirewallPlan())
      try firewall.install(FirewallPlan())
      #expect(try firewall.isComplete())
      let own = try Self.datagrams(source)
      #expect(!own.isEmpty)
      #expect(try own.allSatisfy { try firewall.news(in: $0) == FirewallNews() })

      var change = FirewallTransaction()
      change.flush(FirewallChain("forward", in: FirewallTable(.inet, "apus")))
      try socket.request(change.messages)
      let news = try Self.datagrams(source).map { try firewall.news(in: $0) }
      #expect(news.contains { $0.isDamage } && news.contains { $0.program != nil })
      #expect(try !firewall.isComplete())

      try socket.request(Self.dockerd(bridges: []).messages)
      let dockerd = try Self.datagrams(source).map { try firewall.news(in: $0) }
      #expect(dockerd.contains { $0.concernsDockerd } && !dockerd.contains { $0.isDamage })
    }
  }

  @Test func missingLinksAreFound() throws {
    try Self.inNewNamespace { _ in
      let gateway = try #require(InterfaceAddress("10.9.0.1/24"))
      let bridge = Bridge("apus0", gateways: [gateway])
      let links = try HostLinks()
      let source = try NewsSource.links.open()
      let sender = SenderCheck(macAddress: MACAddress(number: 0x0242_0A09_0002), addresses: [IPAddress(10, 9, 0, 2)])
      let cables = [Cable("veth1", bridge: "apus0", sender: sender)]
      #expect(try links.damage(of: [bridge], cables: cables) == [.bridgeGone("apus0"), .cableGone("veth1")])
      _ = try links.establish(bridge, mark: "of this test")
      #expect(try links.damage(of: [bridge], cables: []) == [])
      let other = Bridge("apus0", gateways: [gateway, try #require(InterfaceAddress("10.9.1.1/24"))])
      #expect(try links.damage(of: [other], cables: []) == [.addressGone(other.gateways[1], bridge: "apus0")])
      _ = try Self.datagrams(source)
      try links.remove("apus0")
      #expect(try Self.datagrams(source).flatMap { try LinkNews.all(in: $0) }.contains(.removed("apus0")))
    }
  }

  @Test func whichPortsTheKernelLeads() throws {
    func port(_ host: String, _ container: String) throws -> PublishedPort {
      PublishedPort(.tcp, host: try #require(IPAddress(host)), 80, container: try #require(IPAddress(container)), 80)
    }
    let cases: [(String, String, isTranslated: Bool, isRelayed: Bool)] = [
      ("0.0.0.0", "10.0.0.2", true, false), ("127.0.0.1", "10.0.0.2", true, false), ("::", "10.0.0.2", false, true),
      ("::1", "10.0.0.2", false, true), ("2001:db8::1", "10.0.0.2", false, true), ("::", "fd00::2", true, true),
      ("::1", "fd00::2", false, true), ("2001:db8::1", "fd00::2", true, false),
    ]
    for (host, container, isTranslated, isRelayed) in cases {
      let port = try port(host, container)
      #expect(port.isTranslated == isTranslated && port.isRelayed == isRelayed, "\(host) to \(container)")
    }
  }
}
