import ContainerNetwork
import Diagnostics
import EngineAPI
import Logging
import Synchronization

/// The sockets of one container in the machine's own network that has a limit.
struct LimitedSockets: Sendable {
  let limiter: BandwidthLimiter
  let sockets: CgroupSockets
}

/// How fast containers in the machine's own network may receive and send. All calls are on the thread of changes.
extension Networks {
  /// Sets the limits of a container that has been created, or runs; nil takes them away.
  ///
  /// Throws: `invalid` for numbers out of range; `unsupported` and `conflict` when the machine's links do not let packets
  /// be limited. All is as it was then.
  ///
  /// - Parameter cgroup: The directory of its cgroup of version 2.
  func limitSockets(of container: ContainerID, to bandwidth: NetworkBandwidth?, cgroup: String) throws {
    try BandwidthPlan.check(bandwidth, .host)
    let before = record(of: container)
    guard let wanted = bandwidth?.applied(to: nil) else {
      guard let before else { return }
      try host.unplug(leave(container))
      return try limitedSockets(of: before).map(host.release) ?? ()
    }
    var after = NetworkGrant()
    (after.bandwidth, after.limiter) = (wanted, NetworkGrant.limiter(of: container))
    after.limitedCgroup = cgroup
    // Written down before it is made, so whatever is there has a record.
    try keep(after, of: container)
    do {
      try limitedSockets(of: after).map(host.limit)
    } catch {
      takeBack(before, of: container)
      throw error
    }
    watchOver()
  }

  /// Sets the limits of a container while it runs, to what its configuration says.
  func setBandwidth(of container: ContainerID, _ host: HostConfig, cgroup: () throws -> String) throws {
    if host.networkMode == "host" {
      try limitSockets(of: container, to: host.networkBandwidth, cgroup: try cgroup())
    } else {
      try setBandwidth(host.networkBandwidth, of: container)
    }
  }

  private func takeBack(_ before: NetworkGrant?, of container: ContainerID) {
    do {
      guard let before else { return try host.unplug(leave(container)) }
      try keep(before, of: container)
      try limitedSockets(of: before).map(host.limit)
    } catch {
      logger.error("container \(container): its bandwidth is not what it was: \(explanation(of: error))")
    }
  }

  /// Nil: it is not in the machine's network, or has no limit.
  func limitedSockets(of grant: NetworkGrant) -> LimitedSockets? {
    guard let cgroup = grant.limitedCgroup, let limiter = limiter(of: grant) else { return nil }
    return LimitedSockets(limiter: limiter, sockets: CgroupSockets(in: cgroup))
  }

  private var allLimitedSockets: [LimitedSockets] {
    table.withLock { Array($0.grants.values) }.compactMap(limitedSockets)
  }

  /// The limiters that no cable leads to.
  var socketLimiters: [BandwidthLimiter] { allLimitedSockets.map(\.limiter) }

  /// Brings the limits to what is written down, whatever a server before left.
  func settleSockets() {
    let limited = allLimitedSockets
    do {
      try host.removeDetours(besides: Set(limited.flatMap(\.limiter.links)))
    } catch {
      logger.warning("bandwidth in the machine's network: \(explanation(of: error))")
    }
    for one in limited {
      do {
        try host.limit(one)
      } catch {
        logger.error("bandwidth of \(one.limiter.name): \(explanation(of: error))")
      }
    }
    if !limited.isEmpty { watchOver() }
  }

  // MARK: Watching

  /// Whether news of one of the machine's own links matters: a quick look, from the event loop.
  var limitsSockets: Bool { table.withLock { $0.grants.values.contains { $0.limitedCgroup != nil } } }

  /// Sees to it that all of the machine's links, of which some may be new, lead where they should. Returns whether another
  /// program had taken something away.
  func repairSockets() -> Bool {
    var isDamaged = false
    for limited in allLimitedSockets {
      do {
        let damage = try host.lacking(limited.limiter)
        guard !damage.links.isEmpty else { continue }
        try host.limit(limited)
        let text = "bandwidth of \(limited.limiter.name): led again by \(damage.links.joined(separator: ", "))"
        if damage.isByOthers { logger.warning("\(text) after another program") } else { logger.debug("\(text)") }
        isDamaged = isDamaged || damage.isByOthers
      } catch {
        logger.error("bandwidth of \(limited.limiter.name): \(explanation(of: error))")
      }
    }
    return isDamaged
  }
}

extension NetworkHost {
  /// The detours on this machine's links, opened when the first container needs them.
  private func withDetours<Result>(_ body: (SocketDetours) throws -> Result) throws -> Result {
    let detours = try detours.withLock { detours in
      let opened = try detours ?? SocketDetours()
      detours = opened
      return opened
    }
    return try body(detours)
  }

  /// Brings the limits of a container in this machine's network to what they should be.
  func limit(_ limited: LimitedSockets) throws {
    try withDetours { detours in
      var limiter = limited.limiter
      limiter.mtu = max(limiter.mtu, try detours.largestMTU())
      let links = try HostLinks()
      try links.establish(limiter, group: limiterGroup)
      try detours.lead(limited.sockets, by: limiter)
      let gone = limiter.possibleLinks.filter { !limiter.links.contains($0) }
      try detours.remove { gone.contains($0) }
      try links.remove(gone)
    }
  }

  /// Ends what a limit took that is there no more, of a container that goes on.
  func release(_ limited: LimitedSockets) throws {
    try withDetours { try $0.release(limited.sockets) }
  }

  /// The links that do not lead to a limiter as they should, and the limiter's that are not there.
  func lacking(_ limiter: BandwidthLimiter) throws -> (links: [String], isByOthers: Bool) {
    let gone = try missing(limiter.links)
    let lacking = try withDetours { try $0.lacking(limiter) }
    return (gone + lacking.map(\.name), !gone.isEmpty || lacking.contains { !$0.isNew })
  }

  /// Takes the detours away that lead to some links.
  func removeDetours(to names: [String]) throws {
    guard detours.withLock({ $0 }) != nil else { return }
    try withDetours { try $0.remove { names.contains($0) } }
  }

  /// Takes the detours away that lead to links of ours, but for some, and those that lead nowhere.
  func removeDetours(besides kept: Set<String>) throws {
    let links = try HostLinks()
    try withDetours { detours in
      try detours.remove { name in
        try !kept.contains(name) && links.isLimiter(name, group: limiterGroup) != false
      }
    }
  }
}

extension Engine {
  /// Sets the limits of a container in the machine's network that has been created, and has not been started.
  func limitSockets(of container: Container, to bandwidth: NetworkBandwidth) async throws {
    let (networks, cgroups, path, id) = (networks, cgroups, cgroupPath(of: container), container.id)
    try await networks.change {
      try networks.limitSockets(of: id, to: bandwidth, cgroup: try cgroups.unifiedDirectory(of: path))
    }
  }
}
