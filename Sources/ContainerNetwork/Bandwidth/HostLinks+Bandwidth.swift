import Diagnostics
import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import Synchronization

/// Limits of what containers receive and send. tc(8): tbf on an ifb, to which the host's end of a cable redirects.
extension HostLinks {
  /// Makes a limiter's links, or brings those that are there to its limits: what waits in them stays. Links of a way
  /// that has no limit any more are for `remove`, once no cable leads there.
  ///
  /// Returns whether a link had to be made, to which no cable leads yet.
  ///
  /// - Parameter group: The number that marks links of this kind as ours.
  /// - Throws: `unsupported` when the kernel lacks a part of what this takes, naming it; `conflict` when a link of another
  ///   kind has the name.
  @discardableResult
  public func establish(_ limiter: BandwidthLimiter, group: UInt32) throws -> Bool {
    var isNew = false
    for way in limiter.ways {
      let found = try find(way.link)
      isNew = isNew || found == nil
      let link = try found ?? make(way.link, group)
      guard link.kind == "ifb" else {
        throw ClassifiedError(.conflict, "a link of another kind has the name of a limit's", object: way.link)
      }
      try need(
        "sch_tbf", .replaceQdisc(.tokenBucket(way.limit.bucket(packet: limiter.largestPacket)), on: link.index))
      if !link.isUp {
        try changeWithoutAddress(.index(link.index), LinkChange())
        try request([.changeLink(.index(link.index), LinkChange(isUp: true))])
      }
    }
    return isNew
  }

  private func make(_ name: String, _ group: UInt32) throws -> LinkInfo {
    try need("ifb", .createLink(.ifb, LinkAttributes(name, group: group)))
    guard let link = try find(name) else {
      throw ClassifiedError(.system, "the link went away as soon as it was made", object: name)
    }
    return link
  }

  /// Leads all that goes through a cable by a limiter's links, which are established, or by none.
  ///
  /// - Parameter cable: The name of the end that is here. One that is gone is no matter.
  public func lead(_ cable: String, by limiter: BandwidthLimiter?) throws {
    guard let index = try find(cable)?.index else { return }
    for direction in TrafficDirection.allCases {
      try removing { () throws(SystemError) in try request([.deleteRedirection(direction, of: index)]) }
      guard let way = limiter?.ways.first(where: { $0.direction == direction }) else { continue }
      guard let link = try find(way.link) else {
        throw ClassifiedError(.system, "the link is gone that limits bandwidth", object: way.link)
      }
      try need("cls_u32 or act_mirred", .redirect(direction, of: index, to: link.index))
    }
  }

  /// What is not there is removed.
  private func removing(_ body: () throws(SystemError) -> Void) throws(SystemError) {
    do throws(SystemError) {
      try body()
    } catch {
      guard error.errno == ENOENT || error.errno == EINVAL else { throw error }
    }
  }

  private func need(_ module: String, _ message: NetlinkMessage) throws {
    try need(module, to: Need("limit bandwidth", advice: "load the module, or leave out the limit"), message)
  }

  /// What went through a limiter. A link of it that is gone is as if there were no limit.
  public func statistics(of limiter: BandwidthLimiter) throws -> BandwidthStatistics {
    var statistics = BandwidthStatistics()
    for way in limiter.ways {
      guard let link = try find(way.link),
        let found = try socket.withLock({ socket in try socket.dump(.rootQdisc(of: link.index)) }).first?.statistics
      else { continue }
      var counted = BandwidthStatistics.Way()
      (counted.bytes, counted.packets) = (found.bytes, found.packets)
      (counted.dropped, counted.overlimits) = (UInt64(found.drops), UInt64(found.overlimits))
      (counted.backlog, counted.queued) = (UInt64(found.backlog), UInt64(found.queueLength))
      if way.direction == .outgoing { statistics.received = counted } else { statistics.sent = counted }
    }
    return statistics
  }

  // MARK: Taking away

  /// Takes links away, of which some may be gone already. The kernel waits some 20 ms for packets on their way, once for
  /// all of them.
  public func remove(_ names: [String]) throws {
    if names.count == 1 { return try remove(names[0]) }
    let found = try names.compactMap { name throws(SystemError) in try find(name)?.index }
    guard !found.isEmpty else { return }
    try bury(found)
  }

  /// Whether a link is a limiter's of a group; nil: there is none of that name.
  public func isLimiter(_ name: String, group: UInt32) throws(SystemError) -> Bool? {
    try find(name).map { $0.kind == "ifb" && ($0.group == group || $0.group == Self.doomed) }
  }

  /// Takes away the limiters' links of a group, but for those of some limiters: what a server left that was killed.
  public func removeLimiters(group: UInt32, besides limiters: [BandwidthLimiter]) throws {
    let kept = Set(limiters.flatMap(\.links))
    let stray = try socket.withLock { socket in try socket.dump(.links(kind: "ifb")) }.filter { link in
      (link.group == group && !kept.contains(link.name)) || link.group == Self.doomed
    }
    if !stray.isEmpty { try bury(stray.map(\.index)) }
  }

  private func bury(_ links: [UInt32]) throws {
    for link in links {
      do {
        try request([.setGroup(Self.doomed, of: link)])
      } catch {
        // The end of a container's namespace takes its cables, too.
        guard error.kind == .notFound else { throw error }
      }
    }
    do {
      try request([.deleteLinks(inGroup: Self.doomed)])
    } catch {
      guard error.kind == .notFound else { throw error }
    }
  }

  /// The group of links that are being taken away: a number that nobody else is likely to use.
  private static let doomed: UInt32 = 0xA9D0_03ED
}
