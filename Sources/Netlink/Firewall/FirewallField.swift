/// What a statement looks at: a part of a packet, or something that the kernel knows about it.
public struct FirewallField: Sendable, Hashable {
  enum Source: Sendable, Hashable {
    case meta(UInt32)
    case payload(base: UInt32, offset: UInt32)
    case connection(key: UInt32, direction: UInt8?)
    case fib(result: UInt32, flags: UInt32)
  }

  let source: Source
  /// In bytes.
  let length: Int

  // MARK: Of the kernel. linux/netfilter/nf_tables.h, NFT_META_…

  /// The Ethernet type of the packet, in network order: 0x0800.
  public static let etherType = FirewallField(source: .meta(1), length: 2)
  public static let mark = FirewallField(source: .meta(3), length: 4)
  /// The index of the interface that the packet came in by, or goes out by.
  public static let inputInterface = FirewallField(source: .meta(4), length: 4)
  public static let outputInterface = FirewallField(source: .meta(5), length: 4)
  public static let inputInterfaceName = FirewallField(source: .meta(6), length: 16)
  public static let outputInterfaceName = FirewallField(source: .meta(7), length: 16)
  /// NFPROTO_IPV4 (2) or NFPROTO_IPV6 (10).
  public static let networkProtocol = FirewallField(source: .meta(15), length: 1)
  /// TCP is 6, UDP 17, SCTP 132.
  public static let transportProtocol = FirewallField(source: .meta(16), length: 1)
  /// For whom the packet is: host 0, broadcast 1, multicast 2, another host 3.
  public static let packetType = FirewallField(source: .meta(19), length: 1)

  // MARK: Of the packet

  /// Where the offset of a part counts from. linux/netfilter/nf_tables.h, NFT_PAYLOAD_….
  public enum Header: UInt32, Sendable {
    case link, network, transport
  }

  /// A part of a header. The length is at most 16 bytes.
  public static func payload(_ header: Header, offset: UInt32, length: Int) -> FirewallField {
    FirewallField(source: .payload(base: header.rawValue, offset: offset), length: min(max(length, 1), 16))
  }

  public static let etherDestination = payload(.link, offset: 0, length: 6)
  public static let etherSource = payload(.link, offset: 6, length: 6)
  public static let ip4Source = payload(.network, offset: 12, length: 4)
  public static let ip4Destination = payload(.network, offset: 16, length: 4)
  public static let ip6Source = payload(.network, offset: 8, length: 16)
  public static let ip6Destination = payload(.network, offset: 24, length: 16)
  /// The ports of TCP, UDP and SCTP.
  public static let sourcePort = payload(.transport, offset: 0, length: 2)
  public static let destinationPort = payload(.transport, offset: 2, length: 2)
  /// Of an ARP packet for IPv4 over Ethernet: the sender's claims.
  public static let arpOperation = payload(.network, offset: 6, length: 2)
  public static let arpSenderIP4 = payload(.network, offset: 14, length: 4)

  // MARK: Of the connection. NFT_CT_…

  /// Bits: invalid 1, established 2, related 4, new 8, untracked 64.
  public static let connectionState = FirewallField(source: .connection(key: 0, direction: nil), length: 4)
  /// 0 for packets of who began it, 1 for the answers.
  public static let connectionDirection = FirewallField(source: .connection(key: 1, direction: nil), length: 1)
  /// Bits of linux/netfilter/nf_conntrack_common.h, IPS_…: source translated 16, destination translated 32.
  public static let connectionStatus = FirewallField(source: .connection(key: 2, direction: nil), length: 4)
  public static let connectionMark = FirewallField(source: .connection(key: 3, direction: nil), length: 4)
  /// Where the connection was to go before its destination was translated.
  public static let originalDestination4 = FirewallField(source: .connection(key: 20, direction: 0), length: 4)
  public static let originalDestination6 = FirewallField(source: .connection(key: 22, direction: 0), length: 16)
  public static let originalDestinationPort = FirewallField(source: .connection(key: 12, direction: 0), length: 2)
  public static let originalTransportProtocol = FirewallField(source: .connection(key: 10, direction: 0), length: 1)

  // MARK: Of the routing tables. NFT_FIB_RESULT_ADDRTYPE

  /// What kind the destination's address has for this machine: unicast 1, local 2, broadcast 3, multicast 5.
  public static let destinationKind = FirewallField(source: .fib(result: 3, flags: 2), length: 4)
  public static let sourceKind = FirewallField(source: .fib(result: 3, flags: 1), length: 4)
}
