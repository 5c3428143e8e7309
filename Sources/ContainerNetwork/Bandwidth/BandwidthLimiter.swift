import Netlink

/// What may pass one way, in bytes as they are on the wire: with the headers of the link layer.
public struct BandwidthLimit: Sendable, Equatable {
  public var bytesPerSecond: UInt64
  /// What may pass at once before the rate counts, at least a packet's size.
  public var burst: UInt32
  /// How many bytes may wait; what comes then is dropped.
  public var queue: UInt32
  /// Whether packets that a link has yet to cut up (GSO, up to 64 KiB) are cut up here. Then a packet waits for others of
  /// its own size only, and interfaces count what the limit counts; but each packet costs its own way through the kernel.
  public var cutsPackets: Bool

  public init(bytesPerSecond: UInt64, burst: UInt32, queue: UInt32, cutsPackets: Bool) {
    self.bytesPerSecond = bytesPerSecond
    self.burst = burst
    self.queue = queue
    self.cutsPackets = cutsPackets
  }

  /// - Parameter packet: The size of the largest packet that is not cut up.
  func bucket(packet: UInt32) -> TokenBucket {
    TokenBucket(
      bytesPerSecond: bytesPerSecond, burst: max(burst, packet), limit: max(queue, packet),
      largestPacket: cutsPackets ? packet : nil)
  }
}

/// The limits of one container, whatever number of cables it has: one bucket for each way, on a link of this machine (an
/// ifb) by which the packets of all cables take a detour. The container has no part in that, and so cannot change it.
public struct BandwidthLimiter: Sendable, Equatable {
  /// What its links' names begin with, at most 14 bytes.
  public var name: String
  /// Of what the container receives and sends; nil: no limit.
  public var received: BandwidthLimit?
  public var sent: BandwidthLimit?
  /// The largest of the cables' MTUs, in bytes.
  public var mtu: UInt32

  public init(_ name: String, received: BandwidthLimit?, sent: BandwidthLimit?, mtu: UInt32) {
    self.name = name
    self.received = received
    self.sent = sent
    self.mtu = mtu
  }

  /// The names of its links, of those that it has and of all that one of its name may have.
  public var links: [String] { ways.map(\.link) }
  public var possibleLinks: [String] { ["\(name)r", "\(name)t"] }

  struct Way {
    /// As the host's end of a cable sees it: what it sends is received by the container.
    let direction: TrafficDirection
    let link: String
    let limit: BandwidthLimit
  }

  var ways: [Way] {
    zip([(TrafficDirection.outgoing, received), (.incoming, sent)], possibleLinks).compactMap { way, link in
      way.1.map { Way(direction: way.0, link: link, limit: $0) }
    }
  }

  /// An Ethernet header and a VLAN's tag before what the MTU counts.
  var largestPacket: UInt32 { mtu + 14 + 4 }
}

/// What went through a limiter since it was made.
public struct BandwidthStatistics: Sendable, Equatable {
  public struct Way: Sendable, Equatable {
    /// What has passed.
    public var bytes: UInt64 = 0
    public var packets: UInt64 = 0
    /// Packets that were dropped, for too many waited.
    public var dropped: UInt64 = 0
    /// How often a packet had to wait for the rate.
    public var overlimits: UInt64 = 0
    /// What waits now, in bytes and in packets.
    public var backlog: UInt64 = 0
    public var queued: UInt64 = 0

    public init() {}
  }

  /// Nil: no limit.
  public var received: Way?
  public var sent: Way?
}
