import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// The tree that a bind mount shows, detached from every namespace until it is attached in the container.
final class BindSource: Sendable {
  let tree: MountTree

  /// Copies the mount at the source and gives the copy its attributes, so that it is never seen without them.
  init(_ mount: MountPlan, source: String, recursive: Bool) throws {
    do {
      tree = try MountTree(copying: source, recursive: recursive)
    } catch {
      throw ClassifiedError(
        error.kind, "bind source path \(source): \(error.reason)", object: "mount \(mount.destination)")
    }
    if let mapping = mount.mapsOwners {
      let namespace = try OwnerMapping.userNamespace(users: mapping.users, groups: mapping.groups)
      try tree.mapOwners(by: namespace, recursive: mapping.recursive)
    }
    if !mount.attributesBelow.isEmpty {
      try tree.setAttributes(
        mount.attributesBelow.added, clearing: mount.attributesBelow.removed, recursive: true)
    }
    if !mount.attributes.isEmpty {
      try tree.setAttributes(mount.attributes.added, clearing: mount.attributes.removed)
    }
    if let (propagation, recursive) = mount.propagation {
      try tree.setAttributes([], propagation: propagation, recursive: recursive)
    }
  }

  /// The sources that only the creating process can open: in a user namespace the host's directories may be closed to
  /// init, and the owners of a mount are mapped with the rights of the host.
  static func prepare(_ plan: ContainerPlan) throws -> [Int: BindSource] {
    var prepared: [Int: BindSource] = [:]
    let always = plan.namespaces.has(.user)
    for (index, mount) in plan.mounts.enumerated() {
      guard case .bind(let source, let recursive) = mount.kind, always || mount.mapsOwners != nil else { continue }
      prepared[index] = try BindSource(mount, source: source, recursive: recursive)
    }
    return prepared
  }
}

/// A user namespace that exists only to describe how owners are mapped.
enum OwnerMapping {
  static func userNamespace(users: [IDMapping], groups: [IDMapping]) throws -> Descriptor {
    guard !users.isEmpty, !groups.isEmpty else {
      throw ClassifiedError(.invalid, "an id-mapped mount needs mappings, of its own or of the user namespace")
    }
    var options = Clone.Options()
    options.namespaces = .user
    // The child only holds the namespace until it is open: it waits for the end of this pipe.
    let pipe = try Pipe()
    let reader = pipe.readEnd
    let writer = pipe.writeEnd
    let side = try Clone.clone(options)
    switch consume side {
    case .child:
      try writer.close()
      _ = try? reader.read(upTo: 1)
      Clone.exitChild(0)
    case .parent(let process):
      try UserNamespaceMapping.setUsers(users.map(\.range), of: process.pid)
      try UserNamespaceMapping.setGroups(groups.map(\.range), of: process.pid)
      let namespace = try Namespace.open(.user, of: process.pid)
      try writer.close()
      _ = try process.wait()
      return namespace
    }
  }
}
