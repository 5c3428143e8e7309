import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// Builds the container's tree of mounts and makes it "/". Every step runs in init, in its mount namespace.
struct RootFilesystem {
  let plan: ContainerPlan
  let cgroups: CgroupMounts
  /// Opened by the creating process, by index in the plan's mounts.
  let bindSources: [Int: BindSource]

  /// Makes the root a mount of its own, with everything in it that the configuration names. Returns its directory.
  func build() throws -> RootedDirectory {
    // Nothing that is mounted here may reach the host.
    try Mounts.setPropagation("/", [plan.linux.rootfsPropagation?.isPrivate == true ? .private : .slave, .recursive])
    try Mounts.bind(plan.rootfs, at: plan.rootfs, recursive: true)
    let root = try RootedDirectory(plan.rootfs)
    var readOnlyAtLast: [String] = []
    for (index, mount) in plan.mounts.enumerated() {
      do {
        try self.mount(mount, index, in: root, &readOnlyAtLast)
      } catch {
        throw ClassifiedError(
          errorKind(of: error), explanation(of: error), object: "mount \(mount.destination)")
      }
    }
    if try !showsHostDevices {
      // The modes of the devices are the configuration's.
      let mask = ProcessControl.setUmask(0)
      try DeviceNodes(bindsFromHost: plan.namespaces.has(.user)).make(plan.linux.devices, in: root)
      ProcessControl.setUmask(mask)
    }
    if plan.process.workingDirectory != "/" { _ = try root.makeDirectories(plan.process.workingDirectory) }
    for path in readOnlyAtLast {
      try MountTree.setAttributes(at: try root.open(path, .pathOnly), .readOnly)
    }
    return root
  }

  /// Makes the built tree "/" and takes the host's away.
  func enter(_ root: borrowing RootedDirectory, withoutPivot: Bool) throws {
    if withoutPivot {
      try RootSwitch.move(into: root.root.descriptor)
    } else {
      try RootSwitch.pivot(into: root.root.descriptor)
    }
    if let propagation = plan.linux.rootfsPropagation, let flags = propagation.flagsAfterPivot {
      try Mounts.setPropagation("/", flags)
    }
  }

  /// The last changes to the tree, once nothing more has to be made in it.
  func seal() throws {
    let root = try RootedDirectory("/")
    if plan.rootIsReadOnly { try MountTree.setAttributes(at: root.root.descriptor, .readOnly) }
    for parameter in plan.parameters { try parameter.apply(in: root) }
    try MaskedPaths(masked: plan.linux.maskedPaths, readOnly: plan.linux.readonlyPaths).apply(in: root)
  }

  // MARK: One mount

  private func mount(
    _ mount: MountPlan, _ index: Int, in root: borrowing RootedDirectory, _ readOnlyAtLast: inout [String]
  ) throws {
    switch mount.kind {
    case .bind(let source, let recursive):
      let prepared = try bindSources[index] ?? BindSource(mount, source: source, recursive: recursive)
      let isDirectory = try prepared.tree.descriptor.status().kind == .directory
      let target = try MountTarget.open(mount, isDirectory: isDirectory, in: root)
      try prepared.tree.attach(at: target)
    case .cgroup:
      let target = try MountTarget.open(mount, isDirectory: true, in: root)
      try cgroups.mount(mount, at: target, in: root)
    case .fileSystem(let type, let source):
      try mountFileSystem(mount, type: type, source: source, in: root, &readOnlyAtLast)
    }
  }

  private func mountFileSystem(
    _ mount: MountPlan, type: String, source: String, in root: borrowing RootedDirectory,
    _ readOnlyAtLast: inout [String]
  ) throws {
    let isKernelView = type == "proc" || type == "sysfs"
    let target =
      try isKernelView
      ? MountTarget.openPlain(mount.destination, in: root) : MountTarget.open(mount, isDirectory: true, in: root)
    var (flags, data) = (mount.flags, mount.data)
    if type == "tmpfs" {
      // Mount points and devices may still have to be made in it.
      if flags.contains(.readOnly) { readOnlyAtLast.append(mount.destination) }
      flags.remove(.readOnly)
      if !data.contains(where: { $0.hasPrefix("mode=") }) {
        data.append("mode=\(String(try target.status().permissions, radix: 8))")
      }
    }
    let covered = mount.copiesUp ? try root.openDirectory(mount.destination) : nil
    do throws(SystemError) {
      try Mounts.mount(type, source: source, at: target.processPath, flags, data: data.joined(separator: ","))
    } catch {
      // The host's network namespace belongs to the host's user namespace, and so does sysfs then.
      guard type == "sysfs", error.kind == .forbidden, plan.namespaces.has(.user) else {
        throw SystemError(errno: error.errno, call: "mount", object: type)
      }
      try bindHostSystem(mount, at: target)
    }
    if let covered { try TreeCopy.copy(covered, into: try root.openDirectory(mount.destination)) }
    try adjust(mount, in: root)
  }

  /// What mount(2) cannot set in one call with the mount itself.
  private func adjust(_ mount: MountPlan, in root: borrowing RootedDirectory) throws {
    if mount.attributesBelow.isEmpty, mount.propagation == nil { return }
    let place = try root.open(mount.destination, .pathOnly)
    if !mount.attributesBelow.isEmpty {
      try MountTree.setAttributes(
        at: place, mount.attributesBelow.added, clearing: mount.attributesBelow.removed, recursive: true)
    }
    if let (propagation, recursive) = mount.propagation {
      try MountTree.setAttributes(at: place, [], propagation: propagation, recursive: recursive)
    }
  }

  private func bindHostSystem(_ mount: MountPlan, at target: borrowing Descriptor) throws {
    let tree = try MountTree(copying: "/sys", recursive: true)
    try tree.setAttributes(
      mount.attributes.added.union([.readOnly, .noSetUserID, .noDevices, .noExecution]), recursive: true)
    try tree.attach(at: target)
  }

  /// Whether /dev is a bind of a directory that somebody else fills.
  private var showsHostDevices: Bool {
    get throws {
      plan.mounts.contains { mount in
        guard case .bind = mount.kind else { return false }
        return MountTarget.normalised(mount.destination) == "/dev"
      }
    }
  }
}

extension RootfsPropagation {
  fileprivate var isPrivate: Bool { self == .private || self == .rprivate }

  /// Slave and private were set before the mounts; the others would have hindered the pivot.
  fileprivate var flagsAfterPivot: MountFlags? {
    switch self {
    case .shared: .shared
    case .rshared: [.shared, .recursive]
    case .unbindable: .unbindable
    case .runbindable: [.unbindable, .recursive]
    case .private, .rprivate, .slave, .rslave: nil
    }
  }
}
