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
    try unified(mount).attach(at: target)
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
      try attach(try tree(of: version1, mount), as: name, in: directory)
      if version1.controllers.count > 1 {
        for controller in version1.controllers { try directory.makeSymbolicLink(controller, to: name) }
      }
    }
    if hierarchy.unified != nil { try attach(try unified(mount), as: "unified", in: directory) }
    if mount.flags.contains(.readOnly) { try MountTree.setAttributes(at: directory.descriptor, .readOnly) }
  }

  private func attach(
    _ tree: consuming MountTree, as name: String, in directory: borrowing Directory
  ) throws {
    try directory.makeDirectory(name)
    try tree.attach(at: try directory.open(name, [.pathOnly, .directory]))
  }

  private func tree(of version1: CgroupHierarchy.Version1, _ mount: MountPlan) throws -> MountTree {
    guard hasOwnNamespace else { return try copy(version1.mountPoint, mount) }
    let context = try FilesystemContext("cgroup")
    try context.set("source", "cgroup")
    for controller in version1.controllers { try context.setFlag(controller) }
    if let name = version1.name {
      // A named hierarchy has no controllers, which version 1 wants to be said.
      try context.setFlag("none")
      try context.set("name", name)
    }
    return try context.makeMount(mount.attributes.added)
  }

  private func unified(_ mount: MountPlan) throws -> MountTree {
    guard hasOwnNamespace else { return try copy(hierarchy.unified ?? "", mount) }
    let context = try FilesystemContext("cgroup2")
    try context.set("source", "cgroup")
    return try context.makeMount(mount.attributes.added)
  }

  /// The container's own directory in a hierarchy of the host.
  private func copy(_ mountPoint: String, _ mount: MountPlan) throws -> MountTree {
    let tree = try MountTree(copying: mountPoint + (path?.description ?? ""))
    try tree.setAttributes(mount.attributes.added, clearing: mount.attributes.removed)
    return tree
  }
}
