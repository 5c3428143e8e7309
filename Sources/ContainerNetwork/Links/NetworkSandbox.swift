public import LinuxKernel
public import NetworkAddresses

import LinuxNetwork
import Netlink
import Synchronization

/// A network namespace for a container, with its loopback up. It lives as long as somebody holds its descriptor or runs
/// in it, and has no name: nothing of it can be left behind.
public final class NetworkSandbox: Sendable {
  public let namespace: SharedDescriptor
  private let socket: Mutex<NetlinkSocket>

  /// Makes a new one. The calling thread enters it and comes back: this is for a thread of the network's own.
  public init() throws(SystemError) {
    let made = try Namespace.make(.net)
    socket = Mutex(try Self.socket(in: made))
    namespace = SharedDescriptor(made)
    try request([.changeLink(.name("lo"), LinkChange(isUp: true))])
  }

  /// Takes one up again that a container runs in, by a path to it. The calling thread enters it and comes back.
  public init(at path: String) throws(SystemError) {
    let opened = try HostFiles.open(path, .readOnly)
    socket = Mutex(try Self.socket(in: opened))
    namespace = SharedDescriptor(opened)
  }

  private static func socket(in namespace: borrowing Descriptor) throws(SystemError) -> NetlinkSocket {
    try Namespace.within(namespace, .net) { () throws(SystemError) in try NetlinkSocket(.route) }
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
    guard
      let index = try socket.withLock({ socket throws(SystemError) in
        try socket.dump(.link(.name(interface.name))).first?.index
      })
    else { throw SystemError(errno: 19, call: "find link", object: interface.name) }
    var messages: [NetlinkMessage] = []
    for address in interface.addresses {
      messages.append(.addAddress(address, to: index, flags: .noDuplicateDetection))
    }
    messages.append(.changeLink(.index(index), LinkChange(isUp: true)))
    for gateway in interface.gateways {
      messages.append(
        .replaceRoute(
          gateway.isUnspecified
            ? Route(to: .all(gateway.family), link: index) : .byDefault(via: gateway, link: index)))
    }
    try request(messages)
  }

  /// Takes an interface away.
  public func remove(_ interface: String) throws(SystemError) {
    try request([.deleteLink(.name(interface))])
  }

  private func request(_ messages: [NetlinkMessage]) throws(SystemError) {
    try socket.withLock { socket throws(SystemError) in try socket.request(messages, context: "container's network") }
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
