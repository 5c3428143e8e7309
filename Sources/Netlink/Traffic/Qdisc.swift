/// The number of a qdisc: 16 bits before the colon and 16 after it. tc(8).
public struct TrafficHandle: Sendable, Hashable, CustomStringConvertible {
  public let number: UInt32

  public init(number: UInt32) {
    self.number = number
  }

  public init(_ major: UInt16, _ minor: UInt16 = 0) {
    number = UInt32(major) << 16 | UInt32(minor)
  }

  /// The place of what holds back all that leaves a link.
  public static let root = TrafficHandle(number: 0xFFFF_FFFF)
  /// The place of what lets filters see all that passes a link, and the number of the qdisc there.
  public static let filtering = TrafficHandle(number: 0xFFFF_FFF1)
  public static let filteringQdisc = TrafficHandle(0xFFFF)

  public var description: String {
    "\(String(number >> 16, radix: 16)):\(String(number & 0xFFFF, radix: 16))"
  }
}

/// What is to be done with packets at a place of a link. tc(8).
public enum Qdisc: Sendable, Hashable {
  /// As much leaves as tokens are there for, which come at a steady rate. tc-tbf(8).
  case tokenBucket(TokenBucket)
  /// Lets filters see what comes in and what leaves ("clsact").
  case filtering

  /// The kernel's name of the kind.
  public var kind: String {
    switch self {
    case .tokenBucket: "tbf"
    case .filtering: "clsact"
    }
  }

  fileprivate var place: (handle: TrafficHandle, parent: TrafficHandle) {
    switch self {
    case .tokenBucket: (TrafficHandle(1), .root)
    case .filtering: (.filteringQdisc, .filtering)
    }
  }
}

/// A rate and what it lets go at once.
public struct TokenBucket: Sendable, Hashable {
  public var bytesPerSecond: UInt64
  /// In bytes. What is larger than this never gets through, but packets that a link has yet to cut up (GSO): they are cut
  /// up here then.
  public var burst: UInt32
  /// How many bytes may wait; what comes then is dropped.
  public var limit: UInt32
  /// In bytes: above this size, too, packets that a link has yet to cut up are cut up here. Nil: they pass whole.
  public var largestPacket: UInt32?

  public init(bytesPerSecond: UInt64, burst: UInt32, limit: UInt32, largestPacket: UInt32? = nil) {
    self.bytesPerSecond = bytesPerSecond
    self.burst = burst
    self.limit = limit
    self.largestPacket = largestPacket
  }
}

/// The attributes of traffic control. linux/rtnetlink.h, linux/pkt_sched.h.
enum TrafficAttribute {
  static let kind: UInt16 = 1
  static let options: UInt16 = 2
  static let statistics: UInt16 = 7
}

extension MessageWriter {
  /// struct tcmsg of linux/rtnetlink.h.
  mutating func trafficHeader(_ link: UInt32, handle: UInt32, parent: UInt32, info: UInt32 = 0) {
    fixed(UInt32(0))
    fixed(link)
    fixed(handle)
    fixed(parent)
    fixed(info)
  }

  /// struct tc_ratespec for Ethernet; the whole rate stands in an attribute of its own.
  fileprivate mutating func rate(_ bytesPerSecond: UInt64) {
    fixed(UInt8(0))
    fixed(UInt8(1))
    fixed(UInt16(0))
    fixed(UInt16(0))
    fixed(UInt16(0))
    fixed(UInt32(clamping: bytesPerSecond))
  }

  /// An attribute with a structure in it.
  mutating func structure(_ type: UInt16, _ body: (inout MessageWriter) -> Void) {
    nest(type, isMarked: false, body)
  }
}

extension NetlinkMessage {
  /// Puts a qdisc at its place of a link, or changes the one of the same kind that is there: what waits in it stays.
  /// Fails with ENOENT when the kernel has no such kind, and with EINVAL when one of another kind is there.
  public static func replaceQdisc(_ qdisc: Qdisc, on link: UInt32) -> NetlinkMessage {
    let place = qdisc.place
    var writer = MessageWriter(
      type: RouteMessage.newQdisc, flags: qdisc == .filtering ? [.create] : [.create, .replace])
    writer.trafficHeader(link, handle: place.handle.number, parent: place.parent.number)
    writer.put(TrafficAttribute.kind, qdisc.kind)
    if case .tokenBucket(let bucket) = qdisc {
      writer.nest(TrafficAttribute.options) { bucket.write(to: &$0) }
    }
    return writer.message("set \(qdisc.kind) on", "link \(link)")
  }

  /// Takes the qdisc from a place of a link, and its filters with it. Fails with ENOENT or EINVAL when there is none.
  public static func deleteQdisc(on link: UInt32, parent: TrafficHandle = .root) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteQdisc, flags: [])
    let handle: UInt32 = parent == .filtering ? TrafficHandle.filteringQdisc.number : 0
    writer.trafficHeader(link, handle: handle, parent: parent.number)
    return writer.message("delete qdisc of", "link \(link)")
  }
}

extension TokenBucket {
  /// A peak rate that no link reaches. A bucket for the peak is what sets the size above which tbf cuts packets up.
  private static let noPeak: UInt64 = 125_000_000_000

  fileprivate func write(to writer: inout MessageWriter) {
    // struct tc_tbf_qopt: rate, peak rate, limit, and the burst as time and the peak's, which the attributes replace.
    writer.structure(1) { fields in
      fields.rate(bytesPerSecond)
      fields.rate(largestPacket == nil ? 0 : Self.noPeak)
      fields.fixed(limit)
      fields.fixed(UInt32(0))
      fields.fixed(UInt32(0))
    }
    writer.put(4, bytesPerSecond)
    writer.put(6, burst)
    if let largestPacket {
      writer.put(5, Self.noPeak)
      writer.put(7, largestPacket)
    }
  }
}
