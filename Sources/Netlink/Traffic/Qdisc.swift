/// The number of a qdisc or a class: 16 bits before the colon and 16 after it. tc(8).
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
  /// The place of what sees all that a link takes in, and the number of the qdisc there.
  public static let ingress = TrafficHandle(number: 0xFFFF_FFF1)
  public static let ingressQdisc = TrafficHandle(0xFFFF)

  public var description: String {
    "\(String(number >> 16, radix: 16)):\(String(number & 0xFFFF, radix: 16))"
  }
}

/// How what leaves a link is queued. tc(8).
public enum Qdisc: Sendable, Hashable {
  /// As much as tokens are there for, which come at a steady rate. tc-tbf(8).
  case tokenBucket(TokenBucket)
  /// Classes that share a rate; packets that no filter gives to one go to the default class. tc-htb(8).
  case hierarchicalTokenBucket(defaultClass: UInt16)
  /// Lets filters see what comes in.
  case ingress

  /// The kernel's name of the kind.
  public var kind: String {
    switch self {
    case .tokenBucket: "tbf"
    case .hierarchicalTokenBucket: "htb"
    case .ingress: "ingress"
    }
  }
}

/// A rate and what it lets go at once.
public struct TokenBucket: Sendable, Hashable {
  public var bytesPerSecond: UInt64
  /// In bytes. Below the size of a packet nothing gets through; packets that a link has yet to cut up (GSO) are cut
  /// before when they are larger.
  public var burst: UInt32
  /// How many bytes may wait; what comes then is dropped.
  public var limit: UInt32

  public init(bytesPerSecond: UInt64, burst: UInt32, limit: UInt32) {
    self.bytesPerSecond = bytesPerSecond
    self.burst = burst
    self.limit = limit
  }
}

/// A class of a hierarchical token bucket.
public struct BandwidthClass: Sendable, Hashable {
  /// What the class gets for certain, and what it gets at most when others leave it over.
  public var bytesPerSecond: UInt64
  public var ceilingBytesPerSecond: UInt64
  /// What it may send at once, in bytes.
  public var burst: UInt32

  public init(bytesPerSecond: UInt64, ceiling: UInt64? = nil, burst: UInt32) {
    self.bytesPerSecond = bytesPerSecond
    ceilingBytesPerSecond = ceiling ?? bytesPerSecond
    self.burst = burst
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
  /// Puts a qdisc at a place of a link, or changes the one that is there.
  public static func replaceQdisc(
    _ qdisc: Qdisc, on link: UInt32, handle: TrafficHandle? = nil, parent: TrafficHandle? = nil
  ) -> NetlinkMessage {
    let isIngress = qdisc == .ingress
    var writer = MessageWriter(type: RouteMessage.newQdisc, flags: isIngress ? [.create] : [.create, .replace])
    writer.trafficHeader(
      link, handle: (handle ?? (isIngress ? .ingressQdisc : TrafficHandle(1))).number,
      parent: (parent ?? (isIngress ? .ingress : .root)).number)
    writer.put(TrafficAttribute.kind, qdisc.kind)
    switch qdisc {
    case .tokenBucket(let bucket): writer.nest(TrafficAttribute.options) { bucket.write(to: &$0) }
    case .hierarchicalTokenBucket(let defaultClass):
      writer.nest(TrafficAttribute.options) { options in
        // struct tc_htb_glob: version, the divisor from rate to quantum, the default class.
        options.structure(2) { fields in
          for number in [3, 10, UInt32(defaultClass), 0, 0] { fields.fixed(number) }
        }
      }
    case .ingress: break
    }
    return writer.message("set \(qdisc.kind) on", "link \(link)")
  }

  /// Takes the qdisc from a place of a link. Fails with ENOENT or EINVAL when there is none.
  public static func deleteQdisc(on link: UInt32, parent: TrafficHandle = .root) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteQdisc, flags: [])
    let handle: UInt32 = parent == .ingress ? TrafficHandle.ingressQdisc.number : 0
    writer.trafficHeader(link, handle: handle, parent: parent.number)
    return writer.message("delete qdisc of", "link \(link)")
  }

  /// Adds a class to a hierarchical token bucket, or changes the one with this number.
  public static func replaceClass(
    _ bandwidth: BandwidthClass, _ handle: TrafficHandle, on link: UInt32, parent: TrafficHandle
  ) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newClass, flags: [.create, .replace])
    writer.trafficHeader(link, handle: handle.number, parent: parent.number)
    writer.put(TrafficAttribute.kind, "htb")
    writer.nest(TrafficAttribute.options) { bandwidth.write(to: &$0) }
    return writer.message("set class \(handle) on", "link \(link)")
  }

  public static func deleteClass(_ handle: TrafficHandle, on link: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteClass, flags: [])
    writer.trafficHeader(link, handle: handle.number, parent: 0)
    return writer.message("delete class \(handle) of", "link \(link)")
  }
}

extension TokenBucket {
  fileprivate func write(to writer: inout MessageWriter) {
    // struct tc_tbf_qopt: rate, peak rate, limit, and the burst as time and the peak's, which the attributes replace.
    writer.structure(1) { fields in
      fields.rate(bytesPerSecond)
      fields.rate(0)
      fields.fixed(limit)
      fields.fixed(UInt32(0))
      fields.fixed(UInt32(0))
    }
    writer.put(4, bytesPerSecond)
    writer.put(6, burst)
  }
}

extension BandwidthClass {
  /// What a class may send in its turn: an eighth of a second's worth would starve the others.
  private static let quantum: ClosedRange<UInt64> = 1514...60_000

  fileprivate func write(to writer: inout MessageWriter) {
    // struct tc_htb_opt: rate, ceiling, their bursts as time, quantum, level, priority.
    writer.structure(1) { fields in
      fields.rate(bytesPerSecond)
      fields.rate(ceilingBytesPerSecond)
      fields.fixed(Self.ticks(for: burst, at: bytesPerSecond))
      fields.fixed(Self.ticks(for: burst, at: ceilingBytesPerSecond))
      let tenth = bytesPerSecond / 10
      fields.fixed(UInt32(clamping: min(max(tenth, Self.quantum.lowerBound), Self.quantum.upperBound)))
      fields.fixed(UInt32(0))
      fields.fixed(UInt32(0))
    }
    writer.put(6, bytesPerSecond)
    writer.put(7, ceilingBytesPerSecond)
  }

  /// How long that many bytes take, in the kernel's ticks of 64 ns. net/pkt_sched.h, PSCHED_SHIFT.
  private static func ticks(for bytes: UInt32, at bytesPerSecond: UInt64) -> UInt32 {
    UInt32(clamping: UInt64(bytes) * (1_000_000_000 / 64) / max(bytesPerSecond, 1))
  }
}
