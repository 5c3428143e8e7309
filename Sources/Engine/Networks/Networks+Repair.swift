import ContainerNetwork
import Diagnostics
import LinuxKernel
import LinuxNetwork
import Logging
import Synchronization

/// What other programs take away of the networks is put back, at once. All but `concern` is on the thread of changes.
extension Networks {
  /// Has the kernel's news looked at from now on.
  func watchOver() {
    var firewall: Firewall?
    do {
      firewall = try host.openFirewall()
    } catch {
      logger.warning("networks: \(explanation(of: error))")
    }
    watch.begin(
      NetworkWatch.Duty(
        firewall: firewall, concern: { [weak self] in self?.concern($0) },
        repair: { [weak self] in self?.repair($0, by: $1) ?? false }))
  }

  /// Whether news of links may be about one of ours: a quick look, from the event loop.
  private func concern(_ news: LinkNews) -> NetworkWatch.Alarm? {
    func isBridge(_ name: String) -> Bool { host.bridges.withLock { $0.values.contains(name) } }
    switch news {
    case .addressRemoved(let link) where host.bridges.withLock { $0[link] } != nil: return .bridges
    case .addressAdded, .addressRemoved: return limitsSockets ? .sockets : nil
    case .switchedOff(let name): return isBridge(name) ? .bridges : nil
    case .removed(let name): return isBridge(name) ? .bridges : isCable(name) ? .cables : nil
    case .unplugged(let name): return isCable(name) ? .cables : limitsSockets ? .sockets : nil
    case .filterRemoved(let link):
      return LinkName.find(link).map(isCable) == true ? .cables : limitsSockets ? .sockets : nil
    }
  }

  private func isCable(_ name: String) -> Bool {
    // Of all links of this machine, only those with such a name are looked for.
    guard name.hasPrefix("veth") || name.hasPrefix("ifb") else { return false }
    return table.withLock { table in table.grants.contains { $0.value.links.contains(name) } }
  }

  /// Returns whether there was damage.
  private func repair(_ alarm: NetworkWatch.Alarm, by program: String?) -> Bool {
    switch alarm {
    case .sockets: return repairSockets()
    case .cables, .unknown:
      let isDamaged = repairSockets()
      return repairCables(alarm, by: program) || isDamaged
    case .rules, .bridges, .dockerd: return repairCables(alarm, by: program)
    }
  }

  private func repairCables(_ alarm: NetworkWatch.Alarm, by program: String?) -> Bool {
    let (grants, definitions) = table.withLock { ($0.grants, $0.byID.mapValues(\.definition)) }
    // Without containers there is nothing to repair: the next one to start finds what is missing.
    guard !grants.isEmpty, host.isInstalled else { return false }
    do {
      let used = Set(grants.values.flatMap(\.endpoints).map(\.network)).compactMap { definitions[$0] }
      let firewall = try host.openFirewall()
      let lacksRules = try alarm == .rules || alarm == .unknown && !firewall.isComplete()
      let links = try host.damage(used, Array(grants.values))
      var found = lacksRules ? [program.map { "rules were taken away by \($0)" } ?? "rules were taken away"] : []
      let limiters = grants.values.compactMap(limitedCables).flatMap(\.limiter.links)
      found += try host.missing(limiters).map { "link \($0) was deleted" }
      found += links.filter { if case .cableGone = $0 { false } else { true } }.map(\.description)
      if !found.isEmpty { try install() }
      found += relay(links, grants, definitions)
      guard !found.isEmpty else {
        if alarm == .dockerd || alarm == .unknown, host.acceptBesideOthers(firewall) {
          logger.info("dockerd was told to let containers' packets pass")
        }
        return false
      }
      logger.warning("the network of containers was put right after another program: \(found.joined(separator: ", "))")
    } catch {
      logger.error("the network of containers is damaged, and cannot be put right: \(explanation(of: error))")
    }
    return true
  }

  /// Lays the cables that a server was about to lay when it was killed.
  func layMissingCables() throws {
    let (grants, definitions) = table.withLock { ($0.grants, $0.byID.mapValues(\.definition)) }
    for found in relay(try host.damage(Array(definitions.values), Array(grants.values)), grants, definitions) {
      logger.warning("\(found): it has been laid")
    }
  }

  /// Lays the cables again that are gone while their containers are not. Returns what it found.
  private func relay(
    _ damage: [LinkDamage], _ grants: [ContainerID: NetworkGrant], _ definitions: [String: NetworkDefinition]
  ) -> [String] {
    damage.compactMap { damage in
      guard case .cableGone(let name) = damage else { return nil }
      for (container, grant) in grants {
        guard let endpoint = grant.endpoints.first(where: { $0.link == name }),
          let network = definitions[endpoint.network],
          // With its container a cable goes by itself, a moment before the rest of its grant.
          let sandbox = try? NetworkSandbox(at: grant.sandboxKey)
        else { continue }
        do {
          try host.connect(sandbox, [(endpoint, network)], [], limiter(of: grant))
          return damage.description
        } catch {
          logger.error("container \(container): \(damage), and cannot be laid again: \(explanation(of: error))")
        }
      }
      return nil
    }
  }
}
