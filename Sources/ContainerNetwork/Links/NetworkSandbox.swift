public import LinuxKernel
public import NetworkAddresses

import Diagnostics
import LinuxNetwork
import Netlink
import Synchronization

/// A network namespace for a container, with its loopback up. It lives as long as somebody holds its descriptor or runs
/// in it, and has no name: nothing of it can be left behind.
public final class NetworkSandbox: Sendable {
  public let namespace: SharedDescriptor
  /// Where questions about names arrive, once they are led there. Nil without a loopback, and for a sandbox that was taken
  /// up again: whoever holds the namespace holds them, too.
  public let names: NameSockets?
  private let socket: Mutex<NetlinkSocket>
  private let isLeadingNames = Mutex(false)

  /// Makes a new one. The calling thread enters it and comes back: this is for a thread of the network's own.
  public init() throws(SystemError) {
    let made = try Namespace.make(.net)
    var route = try Self.socket(in: made)
    do throws(SystemError) {
      try route.request([.changeLink(.name("lo"), LinkChange(isUp: true))], context: "container's network")
      names = try Namespace.within(made, .net) { () throws(SystemError) in try NameSockets() }
    } catch {
      // Without CAP_NET_ADMIN a container in no network goes without its loopback, too.
      guard error.kind == .forbidden else { throw error }
      names = nil
    }
    socket = Mutex(route)
    namespace = SharedDescriptor(made)
  }

  /// Takes one up again that a container runs in, by a path to it. The calling thread enters it and comes back.
  public init(at path: String) throws(SystemError) {
    let opened = try HostFiles.open(path, .readOnly)
    socket = Mutex(try Self.socket(in: opened))
    namespace = SharedDescriptor(opened)
    names = nil
  }

  private static func socket(in namespace: borrowing Descriptor) throws(SystemError) -> NetlinkSocket {
    try Namespace.within(namespace, .net) { () throws(SystemError) in try NetlinkSocket(.route) }
  }

  /// Leads questions to 127.0.0.11 to the sockets that are there for them. Takes the kernel some milliseconds.
  ///
  /// Throws: EPROTONOSUPPORT and the like when the kernel lacks nf_tables.
  public func leadNames(to sockets: NameSockets) throws(SystemError) {
    try isLeadingNames.withLock { isLeading throws(SystemError) in
      if isLeading { return }
      var firewall = try NetlinkSocket.open(.netfilter, in: namespace.descriptor)
      try firewall.request(sockets.redirection.messages, context: "names")
      isLeading = true
    }
  }

  /// Gives the end of a cable its addresses and routes, and switches it on.
  func configure(_ interface: SandboxInterface) throws {
    try Namespace.within(namespace.descriptor, .net) { () throws(SystemError) in
      do {
        try KernelSettings.setVersion6(
          interface.addresses.contains { $0.address.family == .version6 }, of: interface.name)
        for (name, value) in interface.settings { try KernelSettings.set(name, to: value) }
      } catch let error as SystemError {
        throw error
      } catch {
        throw SystemError(errno: 97, call: "switch IPv6 on for", object: interface.name)
      }
    }
    // The kernel chooses the number of a link that is made from another namespace.
    guard let index = try index(of: interface.name) else {
      throw SystemError(errno: 19, call: "find link", object: interface.name)
    }
    var messages: [NetlinkMessage] = []
    for address in interface.addresses {
      messages.append(.addAddress(address, to: index, flags: .noDuplicateDetection))
    }
    messages.append(.changeLink(.index(index), LinkChange(isUp: true)))
    for gateway in interface.gateways {
      messages.append(.replaceRoute(WayOut(interface: interface.name, gateway: gateway).route(by: index)))
    }
    try request(messages)
  }

  /// A router for all that is not in the sandbox's subnets; the unspecified address stands for the wire itself.
  public struct WayOut: Sendable, Equatable {
    public var interface: String
    public var gateway: IPAddress

    public init(interface: String, gateway: IPAddress) {
      self.interface = interface
      self.gateway = gateway
    }

    func route(by link: UInt32) -> Route {
      gateway.isUnspecified ? Route(to: .all(gateway.family), link: link) : .byDefault(via: gateway, link: link)
    }
  }

  /// Has all that is not in the sandbox's subnets go by these routers, one of each family at most, and no longer by those
  /// that it went by so far. Routes that a program in the sandbox has set stay.
  public func lead(by ways: [WayOut]) throws(SystemError) {
    for family: IPAddress.Family in [.version4, .version6] {
      let present = try socket.withLock { socket throws(SystemError) in
        try socket.dump(.routes(family: family, table: Route.mainTable))
      }.filter { $0.destination.length == 0 && $0.kind == .unicast && $0.origin == RouteInfo.ownOrigin }
      var wanted: (link: UInt32, gateway: IPAddress?)?
      if let way = ways.first(where: { $0.gateway.family == family }) {
        guard let link = try index(of: way.interface) else {
          throw SystemError(errno: 19, call: "find link", object: way.interface)
        }
        wanted = (link, way.gateway.isUnspecified ? nil : way.gateway)
        try request([.replaceRoute(way.route(by: link))])
      }
      for route in present {
        if let wanted, route.links == [wanted.link], route.gateway == wanted.gateway { continue }
        try forget(route)
      }
    }
  }

  private func forget(_ route: RouteInfo) throws(SystemError) {
    do throws(SystemError) {
      try request([
        .deleteRoute(Route(to: route.destination, via: route.gateway, link: route.links.first, metric: route.metric))
      ])
    } catch {
      // Another has taken its place.
      guard error.errno == 3 else { throw error }
    }
  }

  private func index(of interface: String) throws(SystemError) -> UInt32? {
    try socket.withLock { socket throws(SystemError) in try socket.dump(.link(.name(interface))).first?.index }
  }

  /// What went through each interface, by name.
  public func counters() throws(SystemError) -> [String: InterfaceCounters] {
    let links = try socket.withLock { socket throws(SystemError) in try socket.dump(.links()) }
    return Dictionary(links.map { ($0.name, InterfaceCounters($0.statistics)) }) { first, _ in first }
  }

  /// Whether an interface is there.
  public func has(_ interface: String) throws(SystemError) -> Bool {
    do throws(SystemError) {
      return try index(of: interface) != nil
    } catch {
      guard error.errno == 19 else { throw error }
      return false
    }
  }

  /// Takes an interface away; one that is gone is no matter.
  public func remove(_ interface: String) throws(SystemError) {
    do throws(SystemError) {
      try request([.deleteLink(.name(interface))])
    } catch {
      guard error.errno == 19 else { throw error }
    }
  }

  private func request(_ messages: [NetlinkMessage]) throws(SystemError) {
    try socket.withLock { socket throws(SystemError) in try socket.request(messages, context: "container's network") }
  }
}

/// What went through an interface since it was made.
public struct InterfaceCounters: Sendable, Equatable {
  public let receivedBytes, receivedPackets, receiveErrors, receiveDrops: UInt64
  public let sentBytes, sentPackets, sendErrors, sendDrops: UInt64

  init(_ statistics: LinkStatistics?) {
    receivedBytes = statistics?.receivedBytes ?? 0
    receivedPackets = statistics?.receivedPackets ?? 0
    receiveErrors = statistics?.receiveErrors ?? 0
    receiveDrops = statistics?.receiveDrops ?? 0
    sentBytes = statistics?.sentBytes ?? 0
    sentPackets = statistics?.sentPackets ?? 0
    sendErrors = statistics?.sendErrors ?? 0
    sendDrops = statistics?.sendDrops ?? 0
  }
}

/// A container's end of a cable.
public struct SandboxInterface: Sendable, Equatable {
  /// `eth0`, `eth1`…, or another of at most 15 bytes.
  public var name: String
  public var macAddress: MACAddress
  public var mtu: UInt32?
  public var addresses: [InterfaceAddress]
  /// The routers for all that is not in its subnets: none, or one for each family. The unspecified address stands for
  /// the wire itself, to which all is sent then.
  public var gateways: [IPAddress]
  /// What is written to files below /proc/sys/net, by their names, before the interface is up.
  public var settings: [String: String] = [:]

  public init(
    _ name: String, macAddress: MACAddress, mtu: UInt32? = nil, addresses: [InterfaceAddress], gateways: [IPAddress]
  ) {
    self.name = name
    self.macAddress = macAddress
    self.mtu = mtu
    self.addresses = addresses
    self.gateways = gateways
  }
}
