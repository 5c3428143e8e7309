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
  /// - Parameter cgroup: The directory of its cgroup of version 2; asked for only where a limit is wanted.
  func limitSockets(
    of container: ContainerID, to bandwidth: NetworkBandwidth?, cgroup: () throws -> String
  ) throws {
    try BandwidthPlan.check(bandwidth, .host)
    let before = record(of: container)
    guard let wanted = bandwidth?.applied(to: nil) else { return try unlimitSockets(of: container) }
    var after = NetworkGrant()
    (after.bandwidth, after.limiter) = (wanted, NetworkGrant.limiter(of: container))
    after.limitedCgroup = try cgroup()
    // Written down before it is made, so whatever is there has a record.
    try keep(after, of: container)
    // First, so that no link comes up unseen.
    watchOver()
    do {
      guard let limited = limitedSockets(of: after) else { return }
      let overruled = try host.limit(limited)
      if !overruled.isEmpty {
        logger.warning(
          "container \(container): on \(overruled.joined(separator: ", ")) its bandwidth is limited only as far as filters of others leave packets undecided"
        )
      }
    } catch {
      takeBack(before, of: container)
      throw error
    }
  }

  /// As long as something is left, its record is.
  private func unlimitSockets(of container: ContainerID) throws {
    guard let before = record(of: container) else { return }
    try host.unplug(before.links)
    if let limited = limitedSockets(of: before) { try host.release(limited) }
    _ = leave(container)
  }

  /// Sets the limits of a container while it runs, to what its configuration says.
  func setBandwidth(of container: ContainerID, _ host: HostConfig, cgroup: () throws -> String) throws {
    if host.networkMode == "host" {
      try limitSockets(of: container, to: host.networkBandwidth, cgroup: cgroup)
    } else {
      try setBandwidth(host.networkBandwidth, of: container)
    }
  }

  private func takeBack(_ before: NetworkGrant?, of container: ContainerID) {
    do {
      guard let before else { return try unlimitSockets(of: container) }
      try keep(before, of: container)
      if let limited = limitedSockets(of: before) { try host.limit(limited) }
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
        let lack = try host.lack(of: limited.limiter)
        guard !lack.isNone else { continue }
        isDamaged = isDamaged || !lack.damaged.isEmpty
        try host.limit(limited)
        if !lack.damaged.isEmpty {
          let names = lack.damaged.joined(separator: ", ")
          logger.warning("bandwidth of \(limited.limiter.name): led again by \(names) after another program")
        }
      } catch {
        host.sayOnce("bandwidth of \(limited.limiter.name): \(explanation(of: error))")
      }
    }
    return isDamaged
  }
}

extension NetworkHost {
  /// The detours on this machine's links, opened when the first container needs them.
  private func withDetours<Result>(_ body: (SocketDetours) throws -> Result) throws -> Result {
    let detours = try detours.withLock { detours in
      let opened = try detours ?? SocketDetours(record: filterRecord)
      detours = opened
      return opened
    }
    return try body(detours)
  }

  /// Brings the limits of a container in this machine's network to what they should be. Returns the names of links where
  /// filters of others come first.
  @discardableResult
  func limit(_ limited: LimitedSockets) throws -> [String] {
    try withDetours { detours in
      var limiter = limited.limiter
      limiter.mtu = try detours.largestMTU()
      let links = try HostLinks()
      try links.establish(limiter, group: limiterGroup)
      let overruled = try detours.lead(limited.sockets, by: limiter)
      let gone = limiter.possibleLinks.filter { !limiter.links.contains($0) }
      try detours.remove { gone.contains($0) }
      try links.remove(gone)
      return overruled.sorted()
    }
  }

  /// Ends what a limit took that is there no more, of a container that goes on.
  func release(_ limited: LimitedSockets) throws {
    try withDetours { try $0.release(limited.sockets) }
  }

  /// What of a limiter is not as it should be; links of its own that are gone count as damage.
  func lack(of limiter: BandwidthLimiter) throws -> SocketDetours.Lack {
    try withDetours { detours in
      var lack = try detours.lack(of: limiter)
      if lack.damaged.isEmpty { lack.damaged = try missing(limiter.links) }
      return lack
    }
  }

  /// What would else be said with each news of a link, or each container.
  func sayOnce(_ text: String) {
    if said.withLock({ $0.insert(text).inserted }) { logger.error("\(text)") }
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
        try NetworkGrant.isLimiterLink(name) && !kept.contains(name)
          && links.isLimiter(name, group: limiterGroup) != false
      }
    }
  }
}

extension Engine {
  /// Sets the limits of a container in the machine's network that has been created, and has not been started.
  func limitSockets(of container: Container, to bandwidth: NetworkBandwidth) async throws {
    let (networks, cgroups, path, id) = (networks, cgroups, cgroupPath(of: container), container.id)
    try await networks.change {
      try networks.limitSockets(of: id, to: bandwidth) { try cgroups.unifiedDirectory(of: path) }
    }
  }
}
