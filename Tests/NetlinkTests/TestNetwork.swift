import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses

/// A client at 192.0.2.2, a host at 192.0.2.1 with the bridge apus0 (10.9.0.1/24), and a guest at 10.9.0.2.
struct TestNetwork: ~Copyable {
  let client: Descriptor
  let guest: Descriptor

  let table = FirewallTable(.inet, "apus")
  let guardTable = FirewallTable(.bridge, "apus")

  var prerouting: FirewallChain {
    FirewallChain(
      "prerouting", in: table, hook: FirewallHook(.nat, .prerouting, priority: FirewallHook.Priority.destinationNAT),
      policy: .accept)
  }
  var postrouting: FirewallChain {
    FirewallChain(
      "postrouting", in: table, hook: FirewallHook(.nat, .postrouting, priority: FirewallHook.Priority.sourceNAT),
      policy: .accept)
  }
  var forward: FirewallChain {
    FirewallChain(
      "forward", in: table, hook: FirewallHook(.filter, .forward, priority: FirewallHook.Priority.filter),
      policy: .drop)
  }
  /// Protocol, address and port of the host; address and port of the guest.
  var ports: FirewallSet {
    FirewallSet(
      mapNamed: "ports", in: table, from: [.ip4, .transportProtocol, .port], to: [.ip4, .port],
      comment: "published ports")
  }
  var bridges: FirewallSet { FirewallSet(verdictMapNamed: "bridges", in: table, from: [.interface]) }
  /// Who may send from a port of the bridge: interface, MAC and address.
  var members: FirewallSet { FirewallSet("members", in: guardTable, of: [.interface, .mac, .ip4]) }

  let published = FirewallElement(
    [.address(IPAddress(192, 0, 2, 1)), .tcp, .port(8080)], to: [.address(IPAddress(10, 9, 0, 2)), .port(80)],
    comment: "web 8080")
  let guestMAC = MACAddress(number: 0x0242_0A09_0002)
  var member: FirewallElement {
    FirewallElement([.interface("veth-guest"), .mac(guestMAC), .address(IPAddress(10, 9, 0, 2))])
  }

  /// Builds the links in the calling thread's namespace.
  static func make(_ host: inout NetlinkSocket) throws -> TestNetwork {
    let network = TestNetwork(client: try Namespace.make(.net), guest: try Namespace.make(.net))
    try network.build(&host)
    return network
  }

  private init(client: consuming Descriptor, guest: consuming Descriptor) {
    self.client = client
    self.guest = guest
  }

  private func build(_ host: inout NetlinkSocket) throws {
    try HostFiles.write("1", toExisting: "/proc/sys/net/ipv4/ip_forward")
    let outside = try InterfaceAddress.parsed("192.0.2.1/24")
    let inside = try InterfaceAddress.parsed("10.9.0.1/24")
    try host.request([
      .changeLink(.name("lo"), LinkChange(isUp: true)),
      .createLink(.bridge(BridgeOptions()), LinkAttributes("apus0", index: 5, isUp: true)),
      .addAddress(inside, to: 5),
      .createLink(
        .veth(peer: LinkAttributes("eth0", index: 2, namespace: .descriptor(client.rawValue))),
        LinkAttributes("uplink", index: 6, isUp: true)),
      .addAddress(outside, to: 6),
      .createLink(
        .veth(
          peer: LinkAttributes("eth0", index: 2, macAddress: guestMAC, namespace: .descriptor(guest.rawValue))),
        LinkAttributes("veth-guest", index: 7, master: 5, isUp: true)),
      .changeBridgePort(.index(7), BridgePortChange(hairpin: true, isolated: false)),
    ])
    var clientRoute = try NetlinkSocket.open(.route, in: client)
    try clientRoute.request([
      .changeLink(.index(2), LinkChange(isUp: true)), .addAddress(try .parsed("192.0.2.2/24"), to: 2),
    ])
    var guestRoute = try NetlinkSocket.open(.route, in: guest)
    try guestRoute.request([
      .changeLink(.index(2), LinkChange(isUp: true)), .addAddress(try .parsed("10.9.0.2/24"), to: 2),
      .addRoute(.byDefault(via: inside.address)),
    ])
  }

  func ruleset() throws -> FirewallTransaction {
    let network = try InterfaceAddress.parsed("10.9.0.0/24").network
    var change = FirewallTransaction()
    change.deleteIfPresent(table)
    change.deleteIfPresent(guardTable)
    change.add(table)
    for chain in [prerouting, postrouting, forward] { change.add(chain) }
    let ofBridge = FirewallChain("bridge-apus0", in: table)
    change.add(ofBridge)
    change.add(ports)
    change.add(bridges)
    change.add([published], to: ports)
    change.add([FirewallElement([.interface("apus0")], to: .jump(ofBridge.name))], to: bridges)
    change.add(
      FirewallRule(
        in: prerouting,
        [
          .match(.networkProtocol, .equal, .ip4), .match(.destinationKind, .equal, .local),
          .translateDestination(by: [.ip4Destination, .transportProtocol, .destinationPort], in: ports, .version4),
        ]))
    change.add(
      FirewallRule(
        in: postrouting,
        [
          .match(.networkProtocol, .equal, .ip4), .match(.ip4Source, in: network),
          .match(.outputInterfaceName, .notEqual, .interface("apus0")), .masquerade(fullyRandom: true),
        ]))
    change.add(FirewallRule(in: forward, [.connection([.established, .related]), .accept]))
    change.add(FirewallRule(in: forward, [.decide(by: [.outputInterfaceName], in: bridges)]))
    change.add(
      FirewallRule(
        in: ofBridge, comment: "published ports",
        [
          .connection(ConnectionStatus.destinationTranslated), .match(.connectionDirection, .equal, .original),
          .counter, .accept,
        ]))
    addGuard(&change)
    return change
  }

  /// What keeps a guest from sending with another's addresses.
  private func addGuard(_ change: inout FirewallTransaction) {
    let entry = FirewallChain(
      "prerouting", in: guardTable,
      hook: FirewallHook(.filter, .prerouting, priority: FirewallHook.Priority.bridgeFilter), policy: .accept)
    change.add(guardTable)
    change.add(entry)
    change.add(members)
    change.add([member], to: members)
    change.add(
      FirewallRule(
        in: entry,
        [
          .match(.etherType, .equal, .etherIP4),
          .match([.inputInterfaceName, .etherSource, .ip4Source], in: members), .accept,
        ]))
    change.add(
      FirewallRule(
        in: entry,
        [
          .match(.etherType, .equal, .etherARP),
          .match([.inputInterfaceName, .etherSource, .arpSenderIP4], in: members), .accept,
        ]))
    change.add(FirewallRule(in: entry, [.counter, .drop]))
  }
}

extension InterfaceAddress {
  static func parsed(_ text: String) throws -> InterfaceAddress {
    guard let address = InterfaceAddress(text) else { throw SystemError(errno: EINVAL, call: "parse", object: text) }
    return address
  }
}

/// A socket that waits for connections to a port of the namespace that it is made in.
func listen(atPort port: UInt16) throws(SystemError) -> Descriptor {
  let socket = Descriptor(owning: Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  let result = unsafe withUnsafePointer(to: &address) {
    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe bind(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  guard result == 0, Glibc.listen(socket.rawValue, 8) == 0 else { throw SystemError(errno: errno, call: "listen") }
  return socket
}

extension Descriptor {
  /// The IPv4 address at the other end of a connection. getpeername(2).
  var peerAddress: IPAddress? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getpeername(rawValue, $0, &length) }
    }
    return result == 0 ? IPAddress(.version4, number: UInt128(UInt32(bigEndian: address.sin_addr.s_addr))) : nil
  }
}

enum Datagram {
  /// Sends datagrams from an address that this namespace has.
  static func send(
    from source: IPAddress, to destination: IPAddress, port: UInt16, count: Int = 1, size bytes: Int = 1
  ) throws(SystemError) {
    let socket = Descriptor(owning: Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0))
    var from = address(source, 0)
    var to = address(destination, port)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = unsafe withUnsafePointer(to: &from) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(socket.rawValue, $0, size) }
    }
    let connected = unsafe withUnsafePointer(to: &to) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(socket.rawValue, $0, size) }
    }
    guard bound == 0, connected == 0 else { throw SystemError(errno: errno, call: "connect datagram socket") }
    let payload = [UInt8](repeating: 0, count: bytes)
    for _ in 0..<count {
      do throws(SystemError) {
        try socket.writeAll(payload)
      } catch {
        // The answer to an earlier one: nobody waits for them.
        if error.errno != ECONNREFUSED { throw error }
      }
    }
  }

  private static func address(_ host: IPAddress, _ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(host.number).bigEndian
    return address
  }
}
