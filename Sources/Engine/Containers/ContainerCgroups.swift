import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// The cgroups of containers, seen from outside: who is in them, what they use, ending that, and taking them away. Their
/// first limits are the runtime's affair; what changes in the life of a container is changed from here.
struct ContainerCgroups: Sendable {
  private let hierarchy: CgroupHierarchy

  /// Reads what is mounted. Throws: `unavailable` when no cgroup hierarchy is.
  init() throws {
    hierarchy = try CgroupHierarchy.current()
  }

  /// 2 when the unified hierarchy is the only one.
  var version: Int { hierarchy.mode == .v2 ? 2 : 1 }

  /// Whether memory and swap can be limited together.
  var limitsSwap: Bool {
    guard let memory = memoryMount else { return version == 2 }
    return (try? HostFiles.exists("\(memory)/memory.memsw.limit_in_bytes")) ?? false
  }

  /// Whether containers are in a hierarchy of version 2, by which the machine's packets can be told apart.
  var tellsSockets: Bool { hierarchy.unified != nil }

  /// The directory of a cgroup in the hierarchy of version 2.
  ///
  /// Throws: `unsupported` where there is none.
  func unifiedDirectory(of path: String) throws(ClassifiedError) -> String {
    guard let unified = hierarchy.unified else {
      throw ClassifiedError(.unsupported, "this machine has no cgroups of version 2")
    }
    return "\(unified)\(path)"
  }

  private var memoryMount: String? {
    hierarchy.version1.first { $0.controllers.contains("memory") }?.mountPoint
  }

  /// The file that counts a cgroup's out-of-memory kills.
  func oomCounter(of path: String) -> String? {
    if let memoryMount { return "\(memoryMount)\(path)/memory.oom_control" }
    return hierarchy.unified.map { "\($0)\(path)/memory.events" }
  }

  /// Everyone in a cgroup. Blocking.
  func processes(in path: String) throws -> [Int32] {
    try cgroup(path).processes()
  }

  /// What a cgroup uses; every part is nil when it is not there. Blocking.
  func statistics(of path: String) throws -> CgroupStatistics {
    try cgroup(path).statistics()
  }

  /// Changes the limits that `resources` holds, all or none, and returns what takes that back. Blocking.
  func change(_ path: String, _ resources: LinuxResources) throws -> CgroupChange {
    try cgroup(path).change(resources)
  }

  /// Ends everyone in a cgroup, and returns when they have ended. Blocking.
  func endProcesses(_ path: String) throws {
    if try !processes(in: path).isEmpty { try end(path) }
  }

  /// Ends everyone in a cgroup and takes it away, in every hierarchy. Nothing there is no error. Blocking.
  func end(_ path: String) throws {
    let cgroup = try cgroup(path)
    guard try cgroup.exists() else { return }
    try cgroup.killAll()
    try cgroup.delete()
  }

  /// Takes a cgroup away that has neither processes nor cgroups below it, in each hierarchy on its own. Blocking.
  func removeIfEmpty(_ path: String) throws {
    let path = try CgroupPath(path)
    for mount in mounts {
      do {
        try HostFiles.removeDirectory("\(mount)\(path)")
      } catch {
        // It is not there, or in use, which only the kernel can say without a race.
        guard error.kind == .notFound || error.kind == .conflict else { throw error }
      }
    }
  }

  private var mounts: [String] {
    hierarchy.version1.map(\.mountPoint) + (hierarchy.unified.map { [$0] } ?? [])
  }

  private func cgroup(_ path: String) throws -> any Cgroup {
    hierarchy.cgroup(try CgroupPath(path))
  }
}
