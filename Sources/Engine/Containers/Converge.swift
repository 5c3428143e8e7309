import Diagnostics
import EngineAPI
import ImageStore
import LinuxKernel
import Logging
import NIOPosix
import OCIImageSpec
import OCIRuntimeSpec
import StateStore

/// Brings what exists for a container to what should: the only code that removes anything.
///
/// Every object has a name that follows from the id, so there is no list of what was made: a failed start, an exit,
/// `rm` and recovery all come here, and it does not matter how far they got. It may be called again at any time.
struct Converge: Sendable {
  let layout: EngineLayout
  let cgroups: ContainerCgroups

  /// What should exist.
  enum Target: Sendable {
    /// The container's directory, and nothing in the kernel or the exec root.
    case stopped
    /// Nothing.
    case absent
  }

  /// Removes what is too much. Blocking.
  ///
  /// Throws: `system` for the first object that cannot be removed.
  func run(_ id: ContainerID, cgroup path: String, to target: Target) throws {
    try removeRun(id, cgroup: path)
    guard target == .absent else { return }
    try removeDirectory(id)
    try empty(id)
  }

  /// Takes a container away, `forget` being what removes its row: only then its directory goes, so that a crash in
  /// between leaves a directory without a row and never a row without one. After this it has no processes, and nothing
  /// finds it any more; what is left in the kernel and on disk may be much, and `clear` removes it when nobody waits.
  /// Blocking.
  func erase(_ id: ContainerID, cgroup path: String, forget: () throws -> Void) throws {
    try FailPoint.removeBeforeRecord.pass()
    try cgroups.endProcesses(path)
    try forget()
    try FailPoint.removeAfterRecord.pass()
    try FailPoint.removeBeforeDirectory.pass()
    try removeDirectory(id)
  }

  /// Removes what is left of a container that was taken away. Blocking.
  func clear(_ id: ContainerID, cgroup path: String) throws {
    try removeRun(id, cgroup: path)
    try empty(id)
  }

  private func empty(_ id: ContainerID) throws {
    try HostFiles.removeTree(layout.remains(of: id))
  }

  private func removeDirectory(_ id: ContainerID) throws {
    guard try HostFiles.exists(layout.directory(of: id)) else { return }
    try HostFiles.makeDirectories(layout.temporary, permissions: 0o700)
    try HostFiles.rename(layout.directory(of: id), to: layout.remains(of: id))
  }

  private func removeRun(_ id: ContainerID, cgroup path: String) throws {
    // In the order in which they depend on each other: processes hold everything else.
    try cgroups.end(path)
    try HostFiles.removeTree(layout.socket(of: id))
    try HostFiles.removeTree(layout.runtimeState(of: id))
    // The root was mounted in the shim's mount namespace, which has ended with it: here it is an empty directory.
    try HostFiles.removeTree(layout.bundle(of: id))
  }

  /// Removes the file of something whose row is gone. Blocking.
  static func removeRecord(_ path: String) throws {
    try HostFiles.removeTree(path)
  }

  /// Removes the exit record of an earlier run, which would be taken for the coming one's. Blocking.
  static func forgetExit(_ record: String) throws {
    try HostFiles.removeTree(record)
  }

  /// Removes what no container claims: bundles, sockets, runtime states, directories whose ids `known` does not have, and
  /// their cgroups. Blocking. Returns what could not be removed, with the reason.
  ///
  /// A cgroup alone is no sign of a container of ours: another server may have the same parent. Ours have a bundle, which
  /// is there before the cgroup, and longer.
  func sweep(known: Set<ContainerID>, cgroupParent: String) throws -> [String] {
    var strays: Set<ContainerID> = []
    for directory in [layout.bundles, layout.runtimeRoot, layout.containers] {
      strays.formUnion(try names(directory).compactMap { ContainerID($0) })
    }
    var failures: [String] = []
    for id in strays.subtracting(known) {
      do {
        // One that had a parent of its own says so in its bundle, which goes after its cgroup.
        let path = cgroupInBundle(of: id) ?? "\(cgroupParent)/\(id)"
        try run(id, cgroup: path, to: .absent)
      } catch {
        failures.append("\(id): \(explanation(of: error))")
      }
    }
    let sockets = Set(known.map(\.socketName))
    for name in try names(layout.shims) where !sockets.contains(name) {
      try HostFiles.removeTree("\(layout.shims)/\(name)")
    }
    return failures
  }

  private func cgroupInBundle(of id: ContainerID) -> String? {
    guard let bytes = try? HostFiles.readIfPresent("\(layout.bundle(of: id))/config.json"),
      let path = try? Spec(json: bytes).linux?.cgroupsPath, path.hasSuffix("/\(id)")
    else { return nil }
    return path
  }

  private func names(_ directory: String) throws -> [String] {
    try HostFiles.exists(directory) ? HostFiles.list(directory) : []
  }
}

extension Engine {
  /// Removes what a container has too much, on a thread for blocking work.
  func converge(_ container: Container, to target: Converge.Target) async throws {
    let (convergence, id) = (convergence, container.id)
    let path = cgroupPath(of: container)
    try await threads.runIfActive { try convergence.run(id, cgroup: path, to: target) }
    try await leaveNetworks(container)
    reaper.sweep()
  }

  /// Removes a container for good. When this returns, nothing can find it any more.
  func erase(_ container: Container) async throws {
    let (convergence, id, database) = (convergence, container.id, records.database)
    let path = cgroupPath(of: container)
    try await threads.runIfActive {
      try convergence.erase(id, cgroup: path) { try database.remove(container: id.text) }
    }
    try await leaveNetworks(container)
    reaper.sweep()
    background.start(.awaited) { [self] in
      do {
        // Whoever waited for this is to have the answer first: what follows keeps a processor and the kernel busy.
        try await Task.sleep(for: .milliseconds(5))
        try await threads.runIfActive { try convergence.clear(id, cgroup: path) }
        // The container was the last to need the layers of an image that was forced away.
        if let image = try? Digest(container.image), images.image(image) == nil { collectImageGarbage() }
      } catch {
        logger.error("container \(id): what it left cannot be removed: \(explanation(of: error))")
      }
    }
  }

  /// Gives back what a container has of its networks. Its cables, whose end takes longer, go when nobody waits.
  func leaveNetworks(_ container: Container) async throws {
    let (networks, id) = (networks, container.id)
    guard networks.record(of: id) != nil else { return }
    if networks.grant(of: id) != nil { publish("disconnect", networksOf: container) }
    let cables = try await networks.change { networks.leave(id) }
    background.start(.awaited) { [logger] in
      do {
        try await networks.change { try networks.unplug(cables, leftBy: id) }
      } catch {
        logger.error("container \(id): its cables cannot be unplugged: \(explanation(of: error))")
      }
    }
  }

  /// Where a container's cgroup is, below each hierarchy's mount.
  func cgroupPath(of container: Container) -> String {
    let asked = container.configuration.request.hostConfig.cgroupParent
    let parent = asked.isEmpty ? configuration.cgroupParent : "/" + asked.split(separator: "/").joined(separator: "/")
    return "\(parent)/\(container.id)"
  }
}
