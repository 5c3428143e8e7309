public import NetworkAddresses

/// A link, as the kernel lists it.
public struct LinkInfo: NetlinkAnswer, Equatable {
  public let index: UInt32
  public let name: String
  /// Of a virtual link: "veth", "bridge".
  public let kind: String?
  public let alias: String?
  /// IFF_… of netdevice(7).
  public let flags: UInt32
  public let macAddress: MACAddress?
  public let mtu: UInt32
  /// The index of the bridge that the link is a port of.
  public let master: UInt32?
  /// The index of a veth's peer, or of a macvlan's parent, in the namespace that it is in.
  public let parent: UInt32?
  /// Of a link whose peer or parent is in another namespace: the number this one has for it.
  public let parentNamespace: Int32?
  /// The number by which links are taken away together; 0 is that of all others.
  public let group: UInt32
  /// The kind of the link's qdisc: "noqueue", "tbf".
  public let qdisc: String?
  public let statistics: LinkStatistics?
  /// How a bridge treats the link, when it is a port of one.
  public let bridgePort: BridgePortChange?
  /// Whether the link has gone; only in news.
  public let isDeleted: Bool

  /// Whether it was switched on, and whether it also has a carrier.
  public var isUp: Bool { flags & 0x1 != 0 }
  public var isRunning: Bool { flags & 0x40 != 0 }
  public var isLoopback: Bool { flags & 0x8 != 0 }

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == RouteMessage.newLink || message.type == RouteMessage.deleteLink else { return nil }
    let (header, attributes) = try message.parts(fixed: 16, "link")
    // The bridge module sends news of its ports under the same number.
    guard header.first == AddressFamily.unspecified else { return nil }
    index = header.field(4)
    flags = header.field(8)
    guard let name = attributes.text(LinkAttribute.name) else { throw .missing("link name") }
    self.name = name
    let info = try attributes.nested(LinkAttribute.info)
    kind = info.text(LinkAttribute.infoKind)
    alias = attributes.text(LinkAttribute.alias)
    macAddress = attributes.bytes(LinkAttribute.address).flatMap { MACAddress(bytes: $0) }
    mtu = attributes.integer(LinkAttribute.mtu) ?? 0
    master = attributes.integer(LinkAttribute.master)
    parent = attributes.integer(LinkAttribute.parent)
    parentNamespace = attributes.integer(LinkAttribute.peerNamespace)
    group = attributes.integer(LinkAttribute.group) ?? 0
    qdisc = attributes.text(LinkAttribute.qdisc)
    statistics = attributes.bytes(LinkAttribute.statistics).flatMap(LinkStatistics.init)
    let isPort = info.text(LinkAttribute.infoPortKind) == "bridge"
    bridgePort = isPort ? BridgePortChange(try info.nested(LinkAttribute.infoPortData)) : nil
    isDeleted = message.type == RouteMessage.deleteLink
  }
}

extension BridgePortChange {
  init(_ attributes: Attributes) {
    func flag(_ type: UInt16) -> Bool? { attributes.integer(type, as: UInt8.self).map { $0 != 0 } }
    self.init(
      hairpin: flag(4), isolated: flag(33), learning: flag(8), unicastFlood: flag(9), multicastFlood: flag(27),
      broadcastFlood: flag(30))
  }
}

/// What went through a link since it was made. struct rtnl_link_stats64 of linux/if_link.h.
public struct LinkStatistics: Sendable, Equatable {
  public let receivedPackets: UInt64
  public let sentPackets: UInt64
  public let receivedBytes: UInt64
  public let sentBytes: UInt64
  public let receiveErrors: UInt64
  public let sendErrors: UInt64
  public let receiveDrops: UInt64
  public let sendDrops: UInt64

  /// Nil when there are fewer fields than the oldest kernel has.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count >= 64 else { return nil }
    func number(_ place: Int) -> UInt64 { bytes.field(place * 8) }
    receivedPackets = number(0)
    sentPackets = number(1)
    receivedBytes = number(2)
    sentBytes = number(3)
    receiveErrors = number(4)
    sendErrors = number(5)
    receiveDrops = number(6)
    sendDrops = number(7)
  }
}
