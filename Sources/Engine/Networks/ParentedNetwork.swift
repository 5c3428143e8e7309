import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses
import Synchronization

/// What the kernel is to be told of a macvlan or ipvlan network.
struct ParentedNetwork: Sendable, Equatable {
  var parent: ParentLink
  var interface: ParentedInterface
}

extension NetworkDefinition.Option {
  static let parent = "parent"
  static let macvlanMode = "macvlan_mode"
  static let ipvlanMode = "ipvlan_mode"
  static let ipvlanFlag = "ipvlan_flag"
  static let interfacePrefix = "com.docker.network.container_iface_prefix"
}

extension NetworkDefinition {
  /// Nil for a network of another driver.
  var parented: ParentedNetwork? {
    let options = shown.options
    let interface: ParentedInterface
    switch driver {
    case .macvlan:
      guard let mode = Self.value(of: Option.macvlanMode, in: options, or: ParentedInterface.MacvlanMode.bridge) else {
        return nil
      }
      interface = .macvlan(mode)
    case .ipvlan:
      guard let mode = Self.value(of: Option.ipvlanMode, in: options, or: ParentedInterface.IPvlanMode.layer2),
        let flag = Self.value(of: Option.ipvlanFlag, in: options, or: ParentedInterface.IPvlanFlag.bridge)
      else { return nil }
      interface = .ipvlan(mode, flag)
    case .bridge, .host, .null: return nil
    }
    return ParentedNetwork(parent: Self.parent(options[Option.parent] ?? "", of: id), interface: interface)
  }

  private static func value<Mode: RawRepresentable<String>>(
    of option: String, in options: [String: String], or byDefault: Mode
  ) -> Mode? {
    guard let text = options[option], !text.isEmpty else { return byDefault }
    return Mode(rawValue: text)
  }

  /// The link that an option names; without one a dummy. `eth0.50` is the VLAN 50 of eth0, unless somebody made it.
  private static func parent(_ name: String, of id: String) -> ParentLink {
    guard !name.isEmpty else { return ParentLink("dm-\(id.prefix(12))", .dummy) }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex,
      let identifier = UInt16(name[name.index(after: dot)...]), (1...4094).contains(identifier)
    else { return ParentLink(name) }
    return ParentLink(name, .vlan(on: String(name[..<dot]), identifier: identifier))
  }

  /// Whether anything outside of it is reached.
  var hasWayOut: Bool { !shown.isInternal && parented?.parent.origin != .dummy }

  /// Whether one of its addresses is that of a router, which no container gets then.
  var needsGateway: Bool {
    guard let parented else { return true }
    return hasWayOut && parented.interface.hasRouter
  }

  /// The router for a container with this address; the unspecified one where all is sent to the wire. Nil: no way out.
  func gateway(for address: InterfaceAddress) -> IPAddress? {
    guard hasWayOut else { return nil }
    let family = address.address.family
    if parented?.interface.hasRouter == false { return .unspecified(family) }
    if let router = configuredRouter(of: family) { return router }
    return ((try? pools()) ?? []).first { $0.subnet.contains(address.address) }?.gateway
  }

  /// Checks the options of macvlan and ipvlan.
  func checkParentOptions() throws(ClassifiedError) {
    for (key, value) in shown.options.sorted(by: { $0.key < $1.key }) {
      switch (driver, key) {
      case (_, Option.parent):
        try require(value != "lo", "loopback interface is not a valid \(driver.rawValue) parent link")
        try require(value.isEmpty || Self.isLinkName(value), "invalid parent interface name: \(value)")
      case (.macvlan, Option.macvlanMode):
        try require(
          value.isEmpty || ParentedInterface.MacvlanMode(rawValue: value) != nil,
          "requested macvlan mode '\(value)' is not valid, 'bridge' mode is the macvlan driver default")
      case (.ipvlan, Option.ipvlanMode):
        try require(
          value.isEmpty || ParentedInterface.IPvlanMode(rawValue: value) != nil,
          "requested ipvlan mode '\(value)' is not valid, 'l2' mode is the ipvlan driver default")
      case (.ipvlan, Option.ipvlanFlag):
        try require(
          value.isEmpty || ParentedInterface.IPvlanFlag(rawValue: value) != nil,
          "requested ipvlan flag '\(value)' is not valid, 'bridge' is the ipvlan driver default")
      default:
        let own = driver == .macvlan ? [Option.macvlanMode] : [Option.ipvlanMode, Option.ipvlanFlag]
        try Self.checkCommon(key, value, known: [Option.parent] + own)
      }
    }
  }

  /// Checks an option that all drivers have.
  static func checkCommon(_ key: String, _ value: String, known: [String]) throws(ClassifiedError) {
    switch key {
    case Option.mtu:
      try require((68...65535).contains(Int(value) ?? 0), "invalid value for \(key): \(value)")
    case Option.interfacePrefix:
      try require(isLinkName(value) && value.utf8.count <= 12, "invalid value for \(key): \(value)")
    default:
      throw ClassifiedError(
        .unsupported, "the network option \(key) is not supported yet",
        advice: "known are \((known + [Option.mtu, Option.interfacePrefix]).joined(separator: ", "))")
    }
  }

  /// What the kernel takes for a link's name, and what is none of its directories of settings.
  static func isLinkName(_ text: String) -> Bool {
    (1...15).contains(text.utf8.count) && !["lo", "all", "default", ".", ".."].contains(text)
      && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
  }

  /// Checks that containers of this network can be on its parent beside those of another one.
  ///
  /// Throws: `conflict`.
  func checkParent(beside other: NetworkDefinition) throws(ClassifiedError) {
    guard let own = parented, let theirs = other.parented, own.parent.name == theirs.parent.name else { return }
    let name = own.parent.name
    switch (own.interface, theirs.interface) {
    case (.macvlan(.passthru), .macvlan):
      throw ClassifiedError(
        .conflict,
        "cannot use mode passthru, macvlan network \(other.name) is already using parent interface \(name)")
    case (.macvlan, .macvlan(.passthru)):
      throw ClassifiedError(
        .conflict, "macvlan network \(other.name) is already using parent interface \(name) in mode passthru")
    case (.ipvlan, .ipvlan) where own.interface != theirs.interface:
      throw ClassifiedError(
        .conflict, "network \(other.name) is already using parent interface \(name) in another mode",
        advice: "all ipvlan networks of a parent have one mode and flag")
    // Macvlan and ipvlan take turns: the kernel says whose it is when a container starts.
    default: return
    }
  }
}

extension NetworkHost {
  /// By this text the links that we made are known again.
  private var mark: String { "\(name): parent of networks" }

  /// Throws: `unsupported` when the kernel lacks what the network takes, `invalid` when its parent is not there.
  func check(_ network: ParentedNetwork) throws {
    try HostLinks().check(network.interface, on: network.parent)
  }

  /// Makes a container's interface. Neither the firewall nor a bridge is needed for that.
  func connect(_ sandbox: NetworkSandbox, _ endpoint: NetworkGrant.Endpoint, _ network: NetworkDefinition) throws {
    guard let parented = network.parented else { return }
    let links = try HostLinks()
    let parent = try links.establish(parented.parent, mark: mark)
    try links.connect(
      sandbox, endpoint.interface(mtu: network.mtu), to: parent, named: parented.parent.name, as: parented.interface)
  }

  /// Takes a parent away that we made; another's stays.
  func remove(_ parent: ParentLink) throws {
    guard parent.origin != .machine else { return }
    try HostLinks().remove(parent, mark: mark)
  }
}

extension Networks {
  /// Checks that a new network can be on its parent, with what this machine has and what other networks are there.
  func checkParent(of definition: NetworkDefinition) throws {
    guard let parented = definition.parented else { return }
    try host.check(parented)
    for other in table.withLock({ $0.all }) { try definition.checkParent(beside: other) }
  }

  /// Takes away the parents that we made and that no container is on; of one network, if it is named, which is gone.
  func removeUnusedParents(of gone: NetworkDefinition? = nil) throws {
    let (all, used) = table.withLock { table in
      (table.all, Set(table.grants.values.flatMap(\.endpoints).map(\.network)))
    }
    let kept = gone == nil ? all.filter { used.contains($0.id) } : all
    let names = Set(kept.compactMap(\.parented?.parent.name))
    for parent in Set((gone.map { [$0] } ?? all).compactMap(\.parented?.parent)) where !names.contains(parent.name) {
      try host.remove(parent)
    }
  }
}
