import NetworkAddresses

/// The attributes of a link. linux/if_link.h.
enum LinkAttribute {
  static let address: UInt16 = 1
  static let name: UInt16 = 3
  static let mtu: UInt16 = 4
  static let parent: UInt16 = 5
  static let qdisc: UInt16 = 6
  static let master: UInt16 = 10
  static let transmitQueueLength: UInt16 = 13
  static let operationalState: UInt16 = 16
  static let info: UInt16 = 18
  static let namespaceOfProcess: UInt16 = 19
  static let alias: UInt16 = 20
  static let statistics: UInt16 = 23
  static let familySpecific: UInt16 = 26
  static let group: UInt16 = 27
  static let namespaceOfDescriptor: UInt16 = 28
  static let peerNamespace: UInt16 = 37

  static let infoKind: UInt16 = 1
  static let infoData: UInt16 = 2
  static let infoPortKind: UInt16 = 4
  static let infoPortData: UInt16 = 5

  static let flagUp: UInt32 = 1
}

extension NetlinkMessage {
  /// Makes a link. Fails with EEXIST when the name or the index is taken.
  public static func createLink(_ kind: LinkKind, _ attributes: LinkAttributes) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newLink, flags: [.create, .exclusive])
    attributes.write(to: &writer)
    writer.nest(LinkAttribute.info) { info in
      info.put(LinkAttribute.infoKind, kind.name)
      switch kind {
      case .veth(let peer):
        info.nest(LinkAttribute.infoData) { data in
          data.nest(1) { peer.write(to: &$0) }
        }
      case .bridge(let options): info.nest(LinkAttribute.infoData) { options.write(to: &$0) }
      case .macvlan(let mode): info.nest(LinkAttribute.infoData) { $0.put(1, mode.rawValue) }
      case .ipvlan(let mode, let flag):
        info.nest(LinkAttribute.infoData) { data in
          data.put(1, mode.rawValue)
          if flag != .bridge { data.put(2, flag.rawValue) }
        }
      case .vlan(let identifier): info.nest(LinkAttribute.infoData) { $0.put(1, identifier) }
      case .dummy, .ifb: break
      }
    }
    return writer.message("create \(kind.name) link", attributes.name ?? "")
  }

  /// Changes a link.
  public static func changeLink(_ link: LinkReference, _ change: LinkChange) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newLink, flags: [])
    writer.linkHeader(link, isUp: change.isUp)
    if case .name(let name) = link { writer.put(LinkAttribute.name, name) }
    if let alias = change.alias { writer.put(LinkAttribute.alias, bytes: Array(alias.utf8)) }
    if let mtu = change.mtu { writer.put(LinkAttribute.mtu, mtu) }
    if let macAddress = change.macAddress { writer.put(LinkAttribute.address, bytes: macAddress.bytes) }
    if let master = change.master { writer.put(LinkAttribute.master, master) }
    if let namespace = change.namespace { writer.put(namespace) }
    if let automatic = change.hasLinkLocalAddress {
      writer.nest(LinkAttribute.familySpecific) { families in
        // IFLA_INET6_ADDR_GEN_MODE: 0 is by EUI-64, 1 is none.
        families.nest(UInt16(AddressFamily.version6)) { $0.put(8, UInt8(automatic ? 0 : 1)) }
      }
    }
    return writer.message("change link", link.description)
  }

  /// Gives a link another name. Older kernels want it to be down (EBUSY).
  public static func renameLink(_ index: UInt32, to name: String) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newLink, flags: [])
    writer.linkHeader(.index(index), isUp: nil)
    writer.put(LinkAttribute.name, name)
    return writer.message("rename link \(index) to", name)
  }

  /// Changes how a bridge treats a link that is a port of it.
  public static func changeBridgePort(_ link: LinkReference, _ change: BridgePortChange) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newLink, flags: [])
    writer.linkHeader(link, isUp: nil)
    if case .name(let name) = link { writer.put(LinkAttribute.name, name) }
    writer.nest(LinkAttribute.info) { info in
      info.put(LinkAttribute.infoPortKind, "bridge")
      info.nest(LinkAttribute.infoPortData) { change.write(to: &$0) }
    }
    return writer.message("change bridge port", link.description)
  }

  /// Deletes a link, and with a veth its peer. Fails with ENODEV when there is none.
  public static func deleteLink(_ link: LinkReference) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteLink, flags: [])
    writer.linkHeader(link, isUp: nil)
    if case .name(let name) = link { writer.put(LinkAttribute.name, name) }
    return writer.message("delete link", link.description)
  }
}

extension NetlinkMessage {
  /// Deletes all links of a group at once: the kernel waits once for the packets on their way (some 20 ms), where one
  /// by one it waits for each. Fails with ENODEV when there is none.
  public static func deleteLinks(inGroup group: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteLink, flags: [])
    writer.linkHeader(.index(0), isUp: nil)
    writer.put(LinkAttribute.group, group)
    return writer.message("delete links of group", "\(group)")
  }

  /// Puts a link into a group.
  public static func setGroup(_ group: UInt32, of link: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newLink, flags: [])
    writer.linkHeader(.index(link), isUp: nil)
    writer.put(LinkAttribute.group, group)
    return writer.message("set group of", "link \(link)")
  }
}

extension NetlinkQuery<LinkInfo> {
  /// All links; of a kind ("veth"), or ports of a bridge, where said.
  public static func links(kind: String? = nil, master: UInt32? = nil) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getLink, flags: .dump)
    writer.linkHeader(.index(0), isUp: nil)
    if let master { writer.put(LinkAttribute.master, master) }
    if let kind {
      writer.nest(LinkAttribute.info) { $0.put(LinkAttribute.infoKind, kind) }
    }
    return NetlinkQuery(writer.message("list links", ""))
  }

  /// One link. Fails with ENODEV when there is none.
  public static func link(_ link: LinkReference) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getLink, flags: [])
    writer.linkHeader(link, isUp: nil)
    if case .name(let name) = link { writer.put(LinkAttribute.name, name) }
    return NetlinkQuery(writer.message("find link", link.description))
  }
}

extension LinkAttributes {
  /// The header and the attributes.
  fileprivate func write(to writer: inout MessageWriter) {
    writer.linkHeader(.index(index ?? 0), isUp: isUp ? true : nil)
    if let name { writer.put(LinkAttribute.name, name) }
    if let macAddress { writer.put(LinkAttribute.address, bytes: macAddress.bytes) }
    if let mtu { writer.put(LinkAttribute.mtu, mtu) }
    if let parent { writer.put(LinkAttribute.parent, parent) }
    if let master { writer.put(LinkAttribute.master, master) }
    if let group { writer.put(LinkAttribute.group, group) }
    if let transmitQueueLength { writer.put(LinkAttribute.transmitQueueLength, transmitQueueLength) }
    if let namespace { writer.put(namespace) }
  }
}

extension MessageWriter {
  /// struct ifinfomsg of rtnetlink(7).
  fileprivate mutating func linkHeader(_ link: LinkReference, isUp: Bool?) {
    var index: UInt32 = 0
    if case .index(let number) = link { index = number }
    fixed(AddressFamily.unspecified)
    fixed(UInt8(0))
    fixed(UInt16(0))
    fixed(index)
    fixed(isUp == true ? LinkAttribute.flagUp : 0)
    fixed(isUp == nil ? 0 : LinkAttribute.flagUp)
  }

  fileprivate mutating func put(_ namespace: LinkNamespace) {
    switch namespace {
    case .descriptor(let number): put(LinkAttribute.namespaceOfDescriptor, number)
    case .process(let number): put(LinkAttribute.namespaceOfProcess, number)
    }
  }
}
