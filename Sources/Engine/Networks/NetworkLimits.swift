import ContainerNetwork
import Diagnostics
import EngineAPI
import Logging
import Synchronization

/// The cables of one container that has a limit.
struct LimitedCables: Sendable {
  let limiter: BandwidthLimiter
  let cables: [String]
}

/// How fast containers may receive and send. All calls block, and are on the thread of changes.
extension Networks {
  /// Sets the limits of a container while it runs, without a break in what it receives and sends; nil takes them away. For
  /// one that does not run, its start does that.
  ///
  /// Throws: `invalid` for numbers out of range, `unsupported` when the kernel cannot limit. All is as it was then.
  func setBandwidth(_ bandwidth: NetworkBandwidth?, of container: ContainerID) throws {
    guard let before = grant(of: container) else { return }
    try BandwidthPlan.check(bandwidth, .networks)
    var after = before
    try after.limit(bandwidth?.applied(to: nil), of: container)
    guard after != before else { return }
    // Before the first of a server's work on the machine, which goes by what is written down.
    guard host.isInstalled else { return try keep(after, of: container) }
    let (old, new) = (limiter(of: before), limiter(of: after))
    // Written down before it is made, and until it has been taken away: so whatever is there has a record.
    if new != nil { try keep(after, of: container) }
    do {
      try host.limit(after.cables, by: new, insteadOf: old)
      if new == nil { try keep(after, of: container) }
    } catch {
      do {
        try host.limit(before.cables, by: old, insteadOf: new)
      } catch {
        logger.error("container \(container): its bandwidth is not what it was: \(explanation(of: error))")
      }
      try keep(before, of: container)
      throw error
    }
  }

  /// What went through a container's limits since they were first set; nil when it has none, or does not run.
  func bandwidthStatistics(of container: ContainerID) throws -> BandwidthStatistics? {
    guard let grant = record(of: container), let limiter = limiter(of: grant) else { return nil }
    return try host.statistics(of: limiter)
  }

  /// Nil: no limit.
  func limiter(of grant: NetworkGrant) -> BandwidthLimiter? {
    guard let limits = grant.bandwidth, let name = grant.limiter else { return nil }
    let networks = table.withLock { table in grant.endpoints.compactMap { table.byID[$0.network]?.definition } }
    let plan = BandwidthPlan(limits)
    let mtu = networks.compactMap(\.mtu).max() ?? 1500
    return BandwidthLimiter(name, received: plan.received, sent: plan.sent, mtu: mtu)
  }

  func limitedCables(of grant: NetworkGrant) -> LimitedCables? {
    guard grant.limitedCgroup == nil else { return nil }
    return limiter(of: grant).map { LimitedCables(limiter: $0, cables: grant.cables) }
  }
}

extension NetworkGrant {
  /// Sets the limits; nil: none.
  ///
  /// Throws: `unsupported` for a container with a cable that is out of reach.
  mutating func limit(_ bandwidth: NetworkBandwidth?, of container: ContainerID) throws(ClassifiedError) {
    self.bandwidth = bandwidth
    limiter = bandwidth == nil ? nil : Self.limiter(of: container)
    try checkLimit()
  }

  static func limiter(of container: ContainerID) -> String { "ifb\(container.text.prefix(9))" }

  /// Whether a link's name is one of those that containers' limiters have.
  static func isLimiterLink(_ name: String) -> Bool {
    name.utf8.count == 13 && name.hasPrefix("ifb") && (name.hasSuffix("r") || name.hasSuffix("t"))
      && name.dropFirst(3).dropLast().allSatisfy(\.isHexDigit)
  }

  func checkLimit() throws(ClassifiedError) {
    guard bandwidth != nil, let other = endpoints.first(where: \.link.isEmpty) else { return }
    throw ClassifiedError(
      .unsupported, "network bandwidth: the traffic in network \(other.name) cannot be limited",
      advice: "only networks of the driver bridge can be")
  }

  /// The host's ends of its cables.
  var cables: [String] { endpoints.map(\.link).filter { !$0.isEmpty } }

  /// All links of this machine that are its own.
  var links: [String] { cables + (limiter.map { ["\($0)r", "\($0)t"] } ?? []) }
}

extension NetworkHost {
  /// The number of the group that our limiters' links are in.
  var limiterGroup: UInt32 { 0x8000_0000 | Self.hash(of: name) }

  /// Brings the limits of all containers to what they should be. What fails is said: the others have theirs.
  ///
  /// - Parameter others: The limiters that no cable leads to; they stay as they are.
  func limit(_ limited: [LimitedCables], besides others: [BandwidthLimiter], _ links: HostLinks) throws {
    for container in limited {
      do {
        try links.establish(container.limiter, group: limiterGroup)
        for cable in container.cables { try links.lead(cable, by: container.limiter) }
      } catch {
        logger.error("bandwidth of \(container.cables.joined(separator: ", ")): \(explanation(of: error))")
      }
    }
    try links.removeLimiters(group: limiterGroup, besides: limited.map(\.limiter) + others)
  }

  /// Changes the limits of cables that are in use.
  func limit(_ cables: [String], by new: BandwidthLimiter?, insteadOf old: BandwidthLimiter?) throws {
    try withOpened { opened in
      let isNew = try new.map { try opened.links.establish($0, group: limiterGroup) } ?? false
      // Where the way stays, and only its width changes, not a packet gets past.
      if isNew || new?.links != old?.links {
        for cable in cables { try opened.links.lead(cable, by: new) }
      }
      let kept = Set(new?.links ?? [])
      try opened.links.remove((old?.links ?? []).filter { !kept.contains($0) })
    }
  }

  func statistics(of limiter: BandwidthLimiter) throws -> BandwidthStatistics {
    try withLinks { try $0.statistics(of: limiter) }
  }
}
