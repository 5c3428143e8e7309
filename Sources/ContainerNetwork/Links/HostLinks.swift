public import LinuxKernel
public import NetworkAddresses

import Diagnostics
import Glibc
import LinuxNetwork
import Netlink
import Synchronization

/// The links of this machine: bridges, and one end of each container's cable. rtnetlink(7).
///
/// All calls block for as long as the kernel works, mostly some ten microseconds.
public final class HostLinks: Sendable {
  let socket: Mutex<NetlinkSocket>

  /// Works in the network namespace of the calling thread.
  public init() throws(SystemError) {
    socket = Mutex(try NetlinkSocket(.route))
  }

  // MARK: Bridges

  /// Makes a bridge as described, or puts right what differs from that; nothing that is plugged into it is touched. One that
  /// somebody else has made gets the gateways' addresses, and is left as it is besides. Returns its index.
  ///
  /// Throws: `conflict` when a link of another kind has the name.
  ///
  /// - Parameters:
  ///   - mark: A text by which our own are known again.
  ///   - guests: Keeps what comes to a bridge that is not ours.
  public func establish(_ bridge: Bridge, mark: String, _ guests: GuestAddresses? = nil) throws -> UInt32 {
    let link = try find(bridge.name) ?? make(bridge, mark)
    try Self.checkKind(of: link)
    try configure(bridge, link, isOurs: link.alias == mark, guests)
    return link.index
  }

  /// Throws: `conflict` when a link of another kind has a bridge's name.
  public func checkName(of bridge: Bridge) throws {
    if let link = try find(bridge.name) { try Self.checkKind(of: link) }
  }

  private static func checkKind(of link: LinkInfo) throws(ClassifiedError) {
    guard link.kind == "bridge" else {
      throw ClassifiedError(
        .conflict, "a link of another kind has the name of the bridge", object: link.name,
        advice: "rename it, or give the network another com.docker.network.bridge.name")
    }
  }

  private func make(_ bridge: Bridge, _ mark: String) throws -> LinkInfo {
    var options = BridgeOptions()
    options.spanningTree = false
    // In one call, so that none without a mark can be left behind.
    try request([
      .createLink(.bridge(options), LinkAttributes(bridge.name, macAddress: bridge.macAddress, mtu: bridge.mtu)),
      .changeLink(.name(bridge.name), LinkChange(alias: mark)),
    ])
    guard let link = try find(bridge.name) else {
      throw ClassifiedError(.system, "the bridge went away as soon as it was made", object: bridge.name)
    }
    return link
  }

  private func configure(_ bridge: Bridge, _ link: LinkInfo, isOurs: Bool, _ guests: GuestAddresses?) throws {
    if isOurs {
      // Before it is up: with IPv6 off there is no link-local address, and no word of a router is heard (CVE-2020-13401).
      try KernelSettings.setVersion6(bridge.hasVersion6, of: bridge.name)
      // A published port is reached from this machine by 127.0.0.1, too: our checks keep containers from that, but nobody
      // else whom somebody plugs into a bridge of their own.
      try KernelSettings.set("ipv4/conf/\(bridge.name)/route_localnet", to: "1")
    }
    var messages: [NetlinkMessage] = []
    let present = try socket.withLock { socket in try socket.dump(.addresses(of: link.index)).map(\.address) }
    let missing = bridge.gateways.filter { !present.contains($0) }
    if !isOurs { try guests?.note(missing, on: link) }
    for gateway in missing {
      messages.append(.addAddress(gateway, to: link.index, flags: .noDuplicateDetection))
    }
    for stray in present where isOurs && !bridge.gateways.contains(stray) && !stray.address.isLinkLocal {
      messages.append(.deleteAddress(stray, from: link.index))
    }
    let mtu = bridge.mtu.flatMap { !isOurs || $0 == link.mtu ? nil : $0 }
    if !link.isUp || mtu != nil { messages.append(.changeLink(.index(link.index), LinkChange(isUp: true, mtu: mtu))) }
    try request(messages, context: "bridge \(bridge.name)")
  }

  /// Whether there is a link of that name.
  public func exists(_ name: String) throws(SystemError) -> Bool { try find(name) != nil }

  /// Takes a bridge away, if we made it.
  public func remove(_ bridge: Bridge, mark: String) throws {
    guard let link = try find(bridge.name), link.kind == "bridge", link.alias == mark else { return }
    try remove(bridge.name)
  }

  /// Takes away the bridges that we made, but for some: what a server left that was killed.
  public func removeBridges(mark: String, besides kept: Set<String>) throws {
    let bridges = try socket.withLock { socket in try socket.dump(.links(kind: "bridge")) }
    for bridge in bridges where bridge.alias == mark && !kept.contains(bridge.name) { try remove(bridge.name) }
  }

  /// Takes a link away; one that is not there is no matter.
  public func remove(_ name: String) throws {
    do {
      try request([.deleteLink(.name(name))])
    } catch {
      guard error.kind == .notFound else { throw error }
    }
  }

  // MARK: What is there

  /// The subnets that this machine has a route to, by all its tables, but for those by the links named.
  public func routedSubnets(besides links: Set<String>) throws -> [IPPrefix] {
    try socket.withLock { socket in
      let own = Set(try socket.dump(.links(kind: "bridge")).filter { links.contains($0.name) }.map(\.index))
      return try socket.dump(.routes()).filter { route in
        route.destination.length > 0 && route.kind != .broadcast && route.kind != .multicast
          && !route.destination.address.isMulticast
          && !(route.destination.address.isLinkLocal) && (route.links.isEmpty || !own.isSuperset(of: route.links))
      }.map(\.destination)
    }
  }

  /// The names of all links but the loopback and our own: bridges with our mark and what is plugged into them, and the
  /// limiters of a group.
  public func foreignNames(bridgeMark: String, limiterGroup: UInt32) throws -> [String] {
    let links = try socket.withLock { socket in try socket.dump(.links()) }
    let bridges = Set(links.filter { $0.kind == "bridge" && $0.alias == bridgeMark }.map(\.index))
    return links.filter { link in
      !link.isLoopback && !bridges.contains(link.index) && !(link.master.map(bridges.contains) ?? false)
        && !(link.kind == "ifb" && link.group == limiterGroup)
    }.map(\.name)
  }

  /// The names of the links that are plugged into a bridge.
  public func ports(of bridge: String) throws -> [String] {
    guard let index = try find(bridge)?.index else { return [] }
    return try socket.withLock { socket in try socket.dump(.links(master: index)).map(\.name) }
  }

  func find(_ name: String) throws(SystemError) -> LinkInfo? {
    do {
      return try socket.withLock { socket throws(SystemError) in try socket.dump(.link(.name(name))).first }
    } catch {
      guard error.kind == .notFound else { throw error }
      return nil
    }
  }

  // MARK: Cables

  /// Lays a cable from a bridge into a sandbox, whose end gets the name and addresses of `interface`.
  ///
  /// - Parameters:
  ///   - name: The name of the end that stays here, derived from the container and the network.
  ///   - sender: What may come out of it.
  ///   - limiter: Limits what goes through it from its first packet on. It is established.
  /// - Throws: `unsupported` when the kernel lacks a part of what this takes, naming it.
  public func connect(
    _ sandbox: NetworkSandbox, _ interface: SandboxInterface, to bridge: UInt32, as name: String,
    _ sender: SenderCheck, isolated: Bool = false, limiter: BandwidthLimiter? = nil
  ) throws {
    let peer = LinkAttributes(
      interface.name, macAddress: interface.macAddress, mtu: interface.mtu,
      namespace: .descriptor(sandbox.namespace.descriptor.rawValue))
    let made = NetlinkMessage.createLink(.veth(peer: peer), LinkAttributes(name, mtu: interface.mtu))
    try request([made], context: "connect container")
    do {
      try check(name, sender)
      try plug(name, into: bridge, isolated: isolated)
      if let limiter { try lead(name, by: limiter) }
      try sandbox.configure(interface)
    } catch {
      try remove(name)
      throw error
    }
  }

  /// Looks, from now on, at what comes out of a cable; a check that is there already is replaced.
  ///
  /// Throws: `unsupported` when the kernel lacks a part of what this takes, naming it.
  public func check(_ cable: String, _ sender: SenderCheck) throws {
    guard let index = try find(cable)?.index else {
      throw ClassifiedError(.system, "the cable went away as soon as it was laid", object: cable)
    }
    try need("sch_ingress", to: Self.checking, .replaceQdisc(.filtering, on: index))
    try need("cls_bpf", to: Self.checking, .look(with: sender.program, atWhatComesBy: index))
  }

  private static let checking = Need(
    "check who sends what in a network of containers", advice: "load the module, or use a kernel that has it")

  /// Plugs a cable's end into a bridge.
  public func plug(_ name: String, into bridge: UInt32, isolated: Bool = false) throws {
    // Where bridges hand their packets to the filter themselves, a container that calls its own published port has to get
    // its packet back by the cable that it came in by.
    let port = BridgePortChange(hairpin: try KernelSettings.bridgesCallFilter, isolated: isolated)
    let isUsual = port == BridgePortChange(hairpin: false, isolated: false)
    // The end in the bridge has no address of its own, not even a link-local one.
    try changeWithoutAddress(.name(name), LinkChange(isUp: true, master: bridge))
    if !isUsual { try request([.changeBridgePort(.name(name), port)], context: "connect container") }
  }

  /// A change of a link by which it gets no link-local address. One of an MTU that is too small for IPv6 never has one, and
  /// the kernel wants to hear nothing of it; nor does one that lacks IPv6.
  func changeWithoutAddress(_ link: LinkReference, _ change: LinkChange) throws(SystemError) {
    var whole = change
    whole.hasLinkLocalAddress = false
    do throws(SystemError) {
      try request([.changeLink(link, whole)], context: "connect container")
    } catch {
      guard error.errno == EAFNOSUPPORT else { throw error }
      try request([.changeLink(link, change)], context: "connect container")
    }
  }

  /// What a part of the kernel is needed for.
  struct Need {
    let purpose: String
    let advice: String

    init(_ purpose: String, advice: String) {
      (self.purpose, self.advice) = (purpose, advice)
    }
  }

  /// A kind of link that the kernel does not know is EOPNOTSUPP, a kind of qdisc, filter or action ENOENT.
  func need(_ module: String, to need: Need, _ message: NetlinkMessage) throws {
    do throws(SystemError) {
      try request([message], context: need.purpose)
    } catch {
      guard error.errno == ENOENT || error.errno == EOPNOTSUPP else { throw error }
      throw ClassifiedError(
        .unsupported, "this kernel cannot \(need.purpose): it lacks \(module)", advice: need.advice)
    }
  }

  func request(_ messages: [NetlinkMessage], context: String = "") throws(SystemError) {
    guard !messages.isEmpty else { return }
    try socket.withLock { socket throws(SystemError) in try socket.request(messages, context: context) }
  }
}

extension MACAddress {
  /// A locally administered address that nobody else is likely to have.
  public static func random() throws(SystemError) -> MACAddress {
    let bytes = (0..<6).map { _ in UInt8.random(in: .min ... .max) }
    // Six bytes make an address.
    return MACAddress(locallyAdministered: bytes) ?? MACAddress(number: 0x0200_0000_0001)
  }
}
