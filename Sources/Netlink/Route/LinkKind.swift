public import NetworkAddresses

/// What a link is made as. ip-link(8).
public enum LinkKind: Sendable {
  case dummy
  /// Two links that are each other's wire. The peer's attributes say where it goes.
  case veth(peer: LinkAttributes)
  case bridge(BridgeOptions)
  /// A link with a MAC address of its own on a parent's wire.
  case macvlan(MacvlanMode)
  /// A link with its parent's MAC address.
  case ipvlan(IPvlanMode, flag: IPvlanFlag = .bridge)
  /// A link for what has one tag on its parent's wire, from 1 to 4094. IEEE 802.1Q.
  case vlan(UInt16)
  /// Takes packets that another link redirects to it, so that a qdisc can hold back what comes in.
  case ifb

  /// The name of the kind, as the kernel's modules have it.
  public var name: String {
    switch self {
    case .dummy: "dummy"
    case .veth: "veth"
    case .bridge: "bridge"
    case .macvlan: "macvlan"
    case .ipvlan: "ipvlan"
    case .vlan: "vlan"
    case .ifb: "ifb"
    }
  }
}

/// Whether the links of one parent reach each other. linux/if_link.h.
public enum MacvlanMode: UInt32, Sendable {
  case isolated = 1
  case vepa = 2
  case bridge = 4
  case passthru = 8
}

/// At which layer the links of one parent are told apart. linux/if_link.h.
public enum IPvlanMode: UInt16, Sendable {
  case layer2, layer3, layer3Symmetric
}

/// Whether the links of one parent reach each other. linux/if_link.h, IPVLAN_F_….
public enum IPvlanFlag: UInt16, Sendable {
  case bridge, isolated, vepa
}

/// What differs from a bridge's defaults. linux/if_link.h, IFLA_BR_….
public struct BridgeOptions: Sendable, Hashable {
  /// Hundredths of a second that a port listens and learns before it forwards; without spanning tree it does at once.
  public var forwardDelay: UInt32?
  public var spanningTree: Bool?
  public var multicastSnooping: Bool?
  public var vlanFiltering: Bool?
  /// Hundredths of a second until a MAC address is forgotten.
  public var ageingTime: UInt32?
  /// Whether bridged packets pass the rules of iptables and ip6tables.
  public var callsIPTables: Bool?
  public var callsIP6Tables: Bool?

  public init() {}

  /// The attributes below IFLA_INFO_DATA.
  func write(to writer: inout MessageWriter) {
    if let forwardDelay { writer.put(1, forwardDelay) }
    if let ageingTime { writer.put(4, ageingTime) }
    if let spanningTree { writer.put(5, UInt32(spanningTree ? 1 : 0)) }
    if let vlanFiltering { writer.put(7, UInt8(vlanFiltering ? 1 : 0)) }
    if let multicastSnooping { writer.put(23, UInt8(multicastSnooping ? 1 : 0)) }
    if let callsIPTables { writer.put(36, UInt8(callsIPTables ? 1 : 0)) }
    if let callsIP6Tables { writer.put(37, UInt8(callsIP6Tables ? 1 : 0)) }
  }
}

/// Which link a message is about.
public enum LinkReference: Sendable, Hashable, CustomStringConvertible {
  case index(UInt32)
  case name(String)

  public var description: String {
    switch self {
    case .index(let index): "link \(index)"
    case .name(let name): name
    }
  }
}

/// In which network namespace a link is to be.
public enum LinkNamespace: Sendable, Hashable {
  /// That of an open descriptor, whose number is valid until the message is sent.
  case descriptor(Int32)
  /// That of a process.
  case process(Int32)
}

/// What a link is made with. What is nil the kernel chooses.
public struct LinkAttributes: Sendable, Hashable {
  /// At most 15 bytes.
  public var name: String?
  /// The link's number, which must be free in its namespace: with one that is known, addresses and routes can be
  /// set in the same request.
  public var index: UInt32?
  public var macAddress: MACAddress?
  public var mtu: UInt32?
  /// The index of the bridge that the link becomes a port of.
  public var master: UInt32?
  /// The index of the link that a macvlan, an ipvlan or a VLAN is on.
  public var parent: UInt32?
  /// Where the link is made, if not in the socket's namespace. A parent is in the socket's.
  public var namespace: LinkNamespace?
  /// Not for a veth's peer, which the kernel switches on only after both are there (else ENOTCONN).
  public var isUp: Bool
  /// In packets.
  public var transmitQueueLength: UInt32?
  /// A number by which links are taken away together; 0 is that of all others.
  public var group: UInt32?

  public init(
    _ name: String? = nil, index: UInt32? = nil, macAddress: MACAddress? = nil, mtu: UInt32? = nil,
    master: UInt32? = nil, parent: UInt32? = nil, namespace: LinkNamespace? = nil, isUp: Bool = false,
    transmitQueueLength: UInt32? = nil, group: UInt32? = nil
  ) {
    self.name = name
    self.index = index
    self.macAddress = macAddress
    self.mtu = mtu
    self.master = master
    self.parent = parent
    self.namespace = namespace
    self.isUp = isUp
    self.transmitQueueLength = transmitQueueLength
    self.group = group
  }
}

/// What is to change of a link. What is nil stays.
public struct LinkChange: Sendable, Hashable {
  public var isUp: Bool?
  /// A text for whoever lists the links, at most 255 bytes; empty takes it away.
  public var alias: String?
  public var mtu: UInt32?
  public var macAddress: MACAddress?
  /// The index of the bridge that the link becomes a port of; 0 takes it out.
  public var master: UInt32?
  public var namespace: LinkNamespace?
  /// Whether the kernel gives the link an IPv6 address of its own (fe80::/64).
  public var hasLinkLocalAddress: Bool?

  public init(
    isUp: Bool? = nil, alias: String? = nil, mtu: UInt32? = nil, macAddress: MACAddress? = nil, master: UInt32? = nil,
    namespace: LinkNamespace? = nil, hasLinkLocalAddress: Bool? = nil
  ) {
    self.isUp = isUp
    self.alias = alias
    self.mtu = mtu
    self.macAddress = macAddress
    self.master = master
    self.namespace = namespace
    self.hasLinkLocalAddress = hasLinkLocalAddress
  }
}

/// How a bridge treats one of its ports. What is nil stays. linux/if_link.h, IFLA_BRPORT_….
public struct BridgePortChange: Sendable, Hashable {
  /// Whether a packet may leave through the port that it came in by.
  public var hairpin: Bool?
  /// Whether other isolated ports are out of reach.
  public var isolated: Bool?
  /// Whether the senders of packets are remembered.
  public var learning: Bool?
  /// Whether packets for unknown receivers go out here: unicast, multicast, broadcast.
  public var unicastFlood: Bool?
  public var multicastFlood: Bool?
  public var broadcastFlood: Bool?

  public init(
    hairpin: Bool? = nil, isolated: Bool? = nil, learning: Bool? = nil, unicastFlood: Bool? = nil,
    multicastFlood: Bool? = nil, broadcastFlood: Bool? = nil
  ) {
    self.hairpin = hairpin
    self.isolated = isolated
    self.learning = learning
    self.unicastFlood = unicastFlood
    self.multicastFlood = multicastFlood
    self.broadcastFlood = broadcastFlood
  }

  func write(to writer: inout MessageWriter) {
    let flags: [(UInt16, Bool?)] = [
      (4, hairpin), (8, learning), (9, unicastFlood), (27, multicastFlood), (30, broadcastFlood), (33, isolated),
    ]
    for case (let type, let value?) in flags { writer.put(type, UInt8(value ? 1 : 0)) }
  }
}
