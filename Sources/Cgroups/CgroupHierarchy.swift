import Diagnostics
import LinuxKernel

/// Which cgroup hierarchies the host has mounted, and where.
public struct CgroupHierarchy: Sendable {
  /// Which versions.
  public enum Mode: String, Sendable {
    case v1, v2
    /// Controllers on v1, and a v2 hierarchy beside them for the processes alone.
    case hybrid
  }

  /// One hierarchy of version 1.
  public struct Version1: Sendable, Equatable {
    /// The controllers, such as ["cpu", "cpuacct"]; none for a named hierarchy.
    public let controllers: [String]
    /// The name of a hierarchy without controllers, such as "systemd".
    public let name: String?
    public let mountPoint: String

    public init(controllers: [String], name: String? = nil, mountPoint: String) {
      self.controllers = controllers
      self.name = name
      self.mountPoint = mountPoint
    }

    /// The option to mount it with: "cpu,cpuacct", "name=systemd".
    public var mountOption: String {
      (controllers + (name.map { ["name=\($0)"] } ?? [])).joined(separator: ",")
    }
  }

  public let version1: [Version1]
  /// Where the hierarchy of version 2 is mounted.
  public let unified: String?

  /// A hierarchy at other places, such as a tree that a test made.
  public init(version1: [Version1], unified: String?) {
    self.version1 = version1
    self.unified = unified
  }

  /// What this process sees mounted.
  ///
  /// Throws: `unsupported` when nothing is.
  public static func current() throws -> CgroupHierarchy {
    let hierarchy = CgroupHierarchy(mounts: try MountInfo.read(typePrefix: "cgroup"))
    guard hierarchy.unified != nil || !hierarchy.version1.isEmpty else {
      throw ClassifiedError(.unsupported, "no cgroup hierarchy is mounted", advice: "mount cgroup2 at /sys/fs/cgroup")
    }
    return hierarchy
  }

  /// From the lines of mountinfo. A hierarchy that is mounted more than once counts where it is whole and comes first.
  public init(mounts: [MountInfo]) {
    var version1: [Version1] = []
    var unified: String?
    let whole = mounts.filter { $0.type.hasPrefix("cgroup") }.sorted { $0.root == "/" && $1.root != "/" }
    for mount in whole {
      if mount.type == "cgroup2" {
        unified = unified ?? mount.mountPoint
        continue
      }
      let name = mount.superOptions.first { $0.hasPrefix("name=") }.map { String($0.dropFirst(5)) }
      let controllers = mount.superOptions.filter { Self.controllers.contains($0) }
      guard name != nil || !controllers.isEmpty else { continue }
      if version1.contains(where: { $0.controllers == controllers && $0.name == name }) { continue }
      version1.append(Version1(controllers: controllers, name: name, mountPoint: mount.mountPoint))
    }
    self.init(version1: version1, unified: unified)
  }

  /// The controllers of version 1, which stand among other options in mountinfo. cgroups(7).
  private static let controllers: Set<String> = [
    "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "net_cls", "blkio", "perf_event", "net_prio", "hugetlb",
    "pids", "rdma", "misc",
  ]

  public var mode: Mode {
    // A v1 hierarchy by name alone, as systemd makes on a v2 host for old programs, carries no limits.
    if !version1.contains(where: { !$0.controllers.isEmpty }) { return .v2 }
    return unified == nil ? .v1 : .hybrid
  }

  /// The controllers that can limit a container.
  public func availableControllers() throws -> [String] {
    switch mode {
    case .v1, .hybrid: version1.flatMap(\.controllers)
    case .v2: try unified.map { try V2Cgroup.controllers(ofRoot: $0) } ?? []
    }
  }

  /// The cgroup of a path, which need not exist.
  public func cgroup(_ path: CgroupPath) -> any Cgroup {
    if mode == .v2, let unified { return V2Cgroup(path: path, root: unified) }
    return V1Cgroup(path: path, hierarchies: version1, unified: unified.map { V2Cgroup(path: path, root: $0) })
  }
}
