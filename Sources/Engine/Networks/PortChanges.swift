import ContainerNetwork
import Diagnostics
import LinuxKernel
import Logging
import Synchronization

/// A change of the published ports of a container that runs, under way.
struct PortChange: Sendable {
  let container: ContainerID
  let before: NetworkGrant
  let after: NetworkGrant

  var removed: [NetworkGrant.Port] { before.ports.filter { !after.ports.contains($0) } }
  var added: [NetworkGrant.Port] { after.ports.filter { !before.ports.contains($0) } }
}

/// Published ports that are changed while a container lives. All calls are on the thread of changes.
///
/// A connection that came in by a port lives on when the port is taken back: the kernel's connection tracking knows it by
/// itself. No new one comes in.
extension Networks {
  /// Claims the ports of this machine that come besides, and lets go of those that are taken back. On failure everything
  /// is as before. Nil: the container is in no network.
  ///
  /// Throws: as a start, for ports that cannot be had.
  func beginChange(of ports: PortEdit, _ container: ContainerID) throws -> PortChange? {
    guard let before = grant(of: container) else { return nil }
    let removed = ports.removed(from: before.ports)
    var after = before
    after.ports.removeAll { removed.contains($0) }
    // First, since one that is taken back may come besides for another port of the container.
    let left = after
    table.withLock { $0.keep(left, of: container) }
    claims.release(removed.compactMap(\.published), of: container)
    do {
      try claimPorts(ports.plans, for: container, &after)
    } catch {
      restore(PortChange(container: container, before: before, after: after))
      throw error
    }
    return PortChange(container: container, before: before, after: after)
  }

  /// Tells the firewall, which changes all of it at once.
  func publish(_ change: PortChange) throws {
    table.withLock { $0.keep(change.after, of: change.container) }
    try tell(change.added, removing: change.removed)
  }

  /// Puts everything back as it was before; `isPublished`: the firewall may know of the change.
  func takeBack(_ change: PortChange, isPublished: Bool) throws {
    restore(change)
    if isPublished { try install() }
  }

  private func restore(_ change: PortChange) {
    table.withLock { $0.keep(change.before, of: change.container) }
    claims.release(change.added.compactMap(\.published), of: change.container)
    for port in change.removed.compactMap(\.published) { reclaim(port, for: change.container) }
  }

  /// What another program has taken away meanwhile is put back, with the change in it.
  func tell(_ added: [NetworkGrant.Port], removing removed: [NetworkGrant.Port]) throws {
    if added.isEmpty && removed.isEmpty { return }
    do {
      try host.publish(added.compactMap(\.published), removing: removed.compactMap(\.published))
    } catch {
      logger.warning("the network of this machine is put right after: \(explanation(of: error))")
      try install()
    }
  }
}
