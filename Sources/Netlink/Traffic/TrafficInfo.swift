/// What went through a qdisc or a class. linux/gen_stats.h.
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

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == RouteMessage.newQdisc else { return nil }
    let (header, attributes) = try message.parts(fixed: 20, "qdisc")
    link = header.field(4)
    handle = TrafficHandle(number: header.field(8))
    parent = TrafficHandle(number: header.field(12))
    guard let kind = attributes.text(TrafficAttribute.kind) else { throw .missing("qdisc kind") }
    self.kind = kind
    statistics = TrafficStatistics(try attributes.nested(TrafficAttribute.statistics))
    bytesPerSecond = kind == "tbf" ? rate(try attributes.nested(TrafficAttribute.options), wide: 4) : nil
  }
}

/// A class, as the kernel lists it.
public struct TrafficClassInfo: NetlinkAnswer, Equatable {
  public let link: UInt32
  public let handle: TrafficHandle
  public let parent: TrafficHandle
  public let kind: String
  public let bytesPerSecond: UInt64?
  public let statistics: TrafficStatistics

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == RouteMessage.newClass else { return nil }
    let (header, attributes) = try message.parts(fixed: 20, "class")
    link = header.field(4)
    handle = TrafficHandle(number: header.field(8))
    parent = TrafficHandle(number: header.field(12))
    kind = attributes.text(TrafficAttribute.kind) ?? ""
    statistics = TrafficStatistics(try attributes.nested(TrafficAttribute.statistics))
    bytesPerSecond = kind == "htb" ? rate(try attributes.nested(TrafficAttribute.options), wide: 6) : nil
  }
}

/// A rate from its 64 bits, which the kernel leaves out of what fits into 32, or from the first struct tc_ratespec.
private func rate(_ options: Attributes, wide: UInt16) -> UInt64? {
  if let rate = options.integer(wide, as: UInt64.self) { return rate }
  return options.bytes(1)?.hostInteger(at: 8, as: UInt32.self).map(UInt64.init)
}

extension NetlinkQuery<QdiscInfo> {
  /// The qdiscs of a link.
  public static func qdiscs(of link: UInt32) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getQdisc, flags: .dump)
    writer.trafficHeader(link, handle: 0, parent: 0)
    // The kernel lists those of all links.
    return NetlinkQuery(writer.message("list qdiscs of", "link \(link)")) { $0.link == link }
  }
}

extension NetlinkQuery<TrafficClassInfo> {
  /// The classes of a link.
  public static func classes(of link: UInt32) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getClass, flags: .dump)
    writer.trafficHeader(link, handle: 0, parent: 0)
    return NetlinkQuery(writer.message("list classes of", "link \(link)"))
  }
}
