import ContainerNetwork
import Diagnostics
import EngineAPI

/// How fast a container may receive and send: the numbers of the API as the kernel's buckets.
struct BandwidthPlan: Sendable, Equatable {
  /// Nil: no limit.
  var received: BandwidthLimit?
  var sent: BandwidthLimit?

  /// Bits a second. With less, a single packet waits for more than a second and a half, and TCP gives up.
  static let rates: ClosedRange<Int64> = 8_000...1_000_000_000_000
  /// Bytes: a packet of 1500 bytes with its headers, and what the kernel's clock of nanoseconds is sure to hold.
  static let bursts: ClosedRange<Int64> = 1_600...1 << 30

  /// Throws: `invalid` for values out of range, and for a container that has no network of its own to limit.
  static func check(_ asked: NetworkBandwidth?, _ mode: NetworkPlan.Mode) throws(ClassifiedError) {
    guard let asked else { return }
    for rate in [asked.receive, asked.transmit] {
      try require(
        rate ?? 0 == 0 || rates.contains(rate ?? 0),
        "invalid network bandwidth: \(rate ?? 0) bits a second (from 8kbit to 1tbit; 0 is no limit)")
    }
    try require(
      asked.burst ?? 0 == 0 || bursts.contains(asked.burst ?? 0),
      "invalid burst of the network bandwidth: \(asked.burst ?? 0) bytes (from 1600 to 1g; 0 is the default)")
    guard asked.applied(to: nil) != nil else {
      return try require(asked.burst ?? 0 == 0, "invalid network bandwidth: a burst needs a rate")
    }
    switch mode {
    case .networks, .host: break
    case .none:
      throw ClassifiedError(
        .invalid, "conflicting options: network bandwidth and the network mode none, which has nothing to limit")
    case .container:
      throw ClassifiedError(
        .invalid, "conflicting options: network bandwidth and the container type network mode",
        advice: "limit the container whose network it is")
    }
  }

  /// From numbers that have passed `check`.
  init(_ limits: NetworkBandwidth) {
    received = limits.receive.map { Self.limit($0, burst: limits.burst) }
    sent = limits.transmit.map { Self.limit($0, burst: limits.burst) }
  }

  private static func limit(_ bits: Int64, burst: Int64?) -> BandwidthLimit {
    let rate = UInt64(max(bits, 8)) / 8
    // Without asking for more, what the rate lets pass in 10 ms: a timer that is late by less than that costs nothing of
    // the rate. Two packets at least.
    let burst = burst.map { UInt64($0) } ?? max(rate / 100, 2 * 1_518)
    // 50 ms may wait, so that a flood does not hold up what comes after it for longer, and yet TCP finds the rate over a
    // longer way than that. Some packets of each of many connections at least.
    let queue = max(rate / 20, 32 << 10)
    return BandwidthLimit(
      bytesPerSecond: rate, burst: UInt32(clamping: burst), queue: UInt32(clamping: min(queue, 64 << 20)),
      cutsPackets: rate < 125_000_000)
  }
}
