/// What went through a qdisc. linux/gen_stats.h.
public struct TrafficStatistics: Sendable, Equatable {
  public var bytes: UInt64 = 0
  public var packets: UInt64 = 0
  /// How many packets were dropped, and how many had to wait for the rate.
  public var drops: UInt32 = 0
  public var overlimits: UInt32 = 0
  /// Bytes and packets that wait now.
  public var backlog: UInt32 = 0
  public var queueLength: UInt32 = 0

  /// The attributes below TCA_STATS2.
  init(_ attributes: Attributes) {
    if let basic = attributes.bytes(1), basic.count >= 12 {
      bytes = basic.field(0)
      packets = UInt64(basic.field(8, as: UInt32.self))
    }
    // The count of packets in 64 bits, of newer kernels.
    if let packets = attributes.integer(8, as: UInt64.self) { self.packets = packets }
    if let queue = attributes.bytes(3), queue.count >= 20 {
      queueLength = queue.field(0)
      backlog = queue.field(4)
      drops = queue.field(8)
      overlimits = queue.field(16)
    }
  }
}

/// A qdisc, as the kernel lists it.
public struct QdiscInfo: NetlinkAnswer, Equatable {
  public let link: UInt32
  public let handle: TrafficHandle
  public let parent: TrafficHandle
  /// "tbf", "noqueue".
  public let kind: String
  /// The rate of a token bucket.
  public let bytesPerSecond: UInt64?
  public let statistics: TrafficStatistics
  /// Whether it has gone; only in news.
  public let isDeleted: Bool

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == RouteMessage.newQdisc || message.type == RouteMessage.deleteQdisc else { return nil }
    let (header, attributes) = try message.parts(fixed: 20, "qdisc")
    link = header.field(4)
    handle = TrafficHandle(number: header.field(8))
    parent = TrafficHandle(number: header.field(12))
    guard let kind = attributes.text(TrafficAttribute.kind) else { throw .missing("qdisc kind") }
    self.kind = kind
    isDeleted = message.type == RouteMessage.deleteQdisc
    statistics = TrafficStatistics(try attributes.nested(TrafficAttribute.statistics))
    bytesPerSecond = kind == "tbf" ? Self.rate(try attributes.nested(TrafficAttribute.options)) : nil
  }

  /// A rate from its 64 bits, which the kernel leaves out of what fits into 32, or from the first struct tc_ratespec.
  private static func rate(_ options: Attributes) -> UInt64? {
    if let rate = options.integer(4, as: UInt64.self) { return rate }
    return options.bytes(1)?.hostInteger(at: 8, as: UInt32.self).map(UInt64.init)
  }
}

extension NetlinkQuery<QdiscInfo> {
  /// The qdiscs of a link.
  public static func qdiscs(of link: UInt32) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getQdisc, flags: .dump)
    writer.trafficHeader(link, handle: 0, parent: 0)
    // The kernel lists those of all links.
    return NetlinkQuery(writer.message("list qdiscs of", "link \(link)")) { $0.link == link }
  }

  /// The qdisc that holds back what leaves a link, without a list of all others. Fails with ENOENT where it is none that
  /// somebody has set.
  public static func rootQdisc(of link: UInt32) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getQdisc, flags: .echo)
    writer.trafficHeader(link, handle: 0, parent: TrafficHandle.root.number)
    return NetlinkQuery(writer.message("find qdisc of", "link \(link)"))
  }
}

/// A filter of a link, as the kernel lists it or tells that it has gone.
public struct TrafficFilterInfo: NetlinkAnswer, Equatable {
  public let link: UInt32
  /// Its number among those of one priority.
  public let handle: UInt32
  /// "bpf", "u32".
  public let kind: String
  /// Nil when it is no program of classic BPF.
  public let program: PacketProgram?
  /// What a program was called by whoever set it.
  public let name: String?
  /// Whether it leads what sockets send or receive to another link.
  public let isOfSockets: Bool
  /// Whether it has gone; only in news.
  public let isDeleted: Bool

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == RouteMessage.newFilter || message.type == RouteMessage.deleteFilter else { return nil }
    let (header, attributes) = try message.parts(fixed: 20, "filter")
    link = header.field(4)
    handle = header.field(8)
    isOfSockets = header.field(16, as: UInt32.self) >> 16 == TrafficPriority.sockets.rawValue
    isDeleted = message.type == RouteMessage.deleteFilter
    kind = attributes.text(TrafficAttribute.kind) ?? ""
    let options = kind == "bpf" ? try attributes.nested(TrafficAttribute.options) : nil
    program = options?.bytes(PacketProgram.instructions).map(PacketProgram.init)
    name = options?.text(SocketRedirection.name)
  }
}

extension NetlinkQuery<TrafficFilterInfo> {
  /// The filters of what passes a link in one direction. Fails with EINVAL or ENOENT where there is no place for any.
  public static func filters(_ direction: TrafficDirection, of link: UInt32) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getFilter, flags: .dump)
    writer.trafficHeader(link, handle: 0, parent: direction.filters)
    return NetlinkQuery(writer.message("list filters of", "link \(link)")) { $0.link == link }
  }
}
