import Cgroups
import Diagnostics
import LinuxKernel

/// The mount of type `cgroup`: what the container sees of its cgroups, at one place.
struct CgroupMounts {
  let hierarchy: CgroupHierarchy
  /// The container's cgroup; nil when it stays in the runtime's.
  let path: CgroupPath?
  /// Whether init is the root of a cgroup namespace: then each hierarchy is mounted afresh and shows only what is
  /// below. Else the container's own directories of the host are bound.
  let hasOwnNamespace: Bool

  func mount(_ mount: MountPlan, at target: borrowing Descriptor, in root: borrowing RootedDirectory) throws {
    switch hierarchy.mode {
    case .v2: try mountUnified(mount, at: target)
    case .v1, .hybrid: try mountEach(mount, at: target, in: root)
    }
  }

  private func mountUnified(_ mount: MountPlan, at target: borrowing Descriptor) throws {
    let tree = try unified()
    try tree.setAttributes(mount.attributes.added, clearing: mount.attributes.removed)
    try tree.attach(at: target)
  }

  /// A tmpfs with one directory for each hierarchy, and a link for each controller that shares one.
  private func mountEach(
    _ mount: MountPlan, at target: borrowing Descriptor, in root: borrowing RootedDirectory
  ) throws {
    let context = try FilesystemContext("tmpfs")
    try context.set("source", "tmpfs")
    try context.set("mode", "755")
    try context.set("size", "65536")
    try context.makeMount([.noSetUserID, .noDevices, .noExecution]).attach(at: target)
    let directory = try root.openDirectory(mount.destination)
    for version1 in hierarchy.version1 {
      let name = version1.name ?? version1.controllers.joined(separator: ",")
      try attach(try tree(of: version1), as: name, in: directory, mount)
      if version1.controllers.count > 1 {
        for controller in version1.controllers { try directory.makeSymbolicLink(controller, to: name) }
      }
    }
    if hierarchy.unified != nil { try attach(try unified(), as: "unified", in: directory, mount) }
    if mount.flags.contains(.readOnly) { try MountTree.setAttributes(at: directory.descriptor, .readOnly) }
  }

  private func attach(
    _ tree: consuming MountTree, as name: String, in directory: borrowing Directory, _ mount: MountPlan
  ) throws {
    try directory.makeDirectory(name)
    try tree.setAttributes(mount.attributes.added, clearing: mount.attributes.removed)
    try tree.attach(at: try directory.open(name, [.pathOnly, .directory]))
  }

  private func tree(of version1: CgroupHierarchy.Version1) throws -> MountTree {
    guard hasOwnNamespace else { return try MountTree(copying: version1.mountPoint + (path?.description ?? "")) }
    let context = try FilesystemContext("cgroup")
    try context.set("source", "cgroup")
    for controller in version1.controllers { try context.setFlag(controller) }
    if let name = version1.name {
      // A named hierarchy has no controllers, which version 1 wants to be said.
      try context.setFlag("none")
      try context.set("name", name)
    }
    return try context.makeMount()
  }

  private func unified() throws -> MountTree {
    guard hasOwnNamespace else {
      return try MountTree(copying: (hierarchy.unified ?? "") + (path?.description ?? ""))
    }
    let context = try FilesystemContext("cgroup2")
    try context.set("source", "cgroup")
    return try context.makeMount()
  }
}
