import Diagnostics
import Glibc
import LinuxKernel

/// What a layer takes from the layers below it, and so cannot have while it is unpacked alone.
public struct LowerNeeds: Sendable, Equatable {
  public struct Link: Sendable, Equatable {
    public var path: RawPath
    public var target: RawPath
  }

  /// Hard links to files of lower layers.
  public var links: [Link] = []
  /// Directories with members in them but no member of their own: they are the lower layers', with their owners and
  /// permissions. "." is the root.
  public var directories: [RawPath] = []

  public init() {}

  public var isEmpty: Bool { links.isEmpty && directories.isEmpty }

  /// Completes the layer in the directory `layer`.
  ///
  /// A linked file is copied up first, as overlayfs would do it, then linked. Directories get the owner, permissions,
  /// times and attributes that they have below; where there is nothing below, they stay as they were made.
  ///
  /// - Parameter lowers: The directories of the layers below, top first.
  ///
  /// Throws: `invalid` for a link to something that no layer has.
  public func complete(layer: String, lowers: [String], options: UnpackOptions = UnpackOptions()) throws {
    guard !isEmpty else { return }
    let tree = try LayerTree(layer, opaqueAttribute: options.opaqueAttribute)
    var missing = Set(try directories.map { try LayerPath(Array($0.bytes)) })
    for link in links {
      try make(link, in: tree, lowers)
    }
    missing.formUnion(tree.implied)
    for path in missing.sorted(by: { $0.components.count > $1.components.count }) {
      try adopt(path, in: tree, lowers)
    }
  }

  private func make(_ link: Link, in tree: LayerTree, _ lowers: [String]) throws {
    let (path, target) = (try LayerPath(Array(link.path.bytes)), try LayerPath(Array(link.target.bytes)))
    guard let name = path.name, let targetName = target.name else { return }
    let targetParent = try tree.openDirectory(target.parent)
    do {
      // An earlier link to the same file has brought it up already.
      _ = try targetParent.directory.status(targetName)
    } catch {
      guard error.errno == ENOENT else { throw error }
      guard let lower = try Self.find(target, in: lowers),
        try lower.status(target.joined, followingLink: false).kind != .directory
      else {
        throw ClassifiedError(.invalid, "a hard link to \(target), which no layer has", object: path.description)
      }
      try lower.inParent(of: target.joined) { (directory, existing) throws(SystemError) in
        try Self.copy(existing, from: directory, to: targetParent.directory)
      }
    }
    let parent = try tree.openDirectory(path.parent)
    try parent.directory.makeHardLink(name, to: targetName, in: targetParent.directory)
  }

  /// The topmost layer that has the path, unless something above hides it.
  private static func find(_ path: LayerPath, in lowers: [String]) throws -> RootedDirectory? {
    for lower in lowers {
      let root = try RootedDirectory(lower)
      do {
        if try root.status(path.joined, followingLink: false).isWhiteout { return nil }
        return consume root
      } catch let error {
        switch error.errno {
        case ENOENT: continue
        case ENOTDIR: return nil
        default: throw error
        }
      }
    }
    return nil
  }

  private static func copy(_ name: RawPath, from: borrowing Directory, to: borrowing Directory) throws(SystemError) {
    let status = try from.status(name)
    switch status.kind {
    case .regular:
      let source = try from.open(name, .readOnly)
      let target = try to.open(name, [.writeOnly, .create, .exclusive])
      try source.copyAll(to: target)
    case .symbolicLink: try to.makeSymbolicLink(name, to: try from.readLink(name))
    default:
      try to.makeNode(name, kind: status.kind, permissions: 0, device: status.representedDevice)
    }
    try to.setOwner(name, user: status.user, group: status.group)
    if status.kind != .symbolicLink { try to.setPermissions(name, status.permissions) }
    for attribute in try from.extendedAttributeNames(name) {
      guard !UnpackOptions.isOverlayAttribute(attribute.description) else { continue }
      if let value = try from.extendedAttribute(name, attribute) {
        try to.setExtendedAttribute(name, attribute, value)
      }
    }
    try to.setTimes(name, accessed: status.modified, modified: status.modified)
  }

  private func adopt(_ path: LayerPath, in tree: LayerTree, _ lowers: [String]) throws {
    guard let lower = try Self.find(path, in: lowers) else { return }
    let status = try lower.status(path.joined, followingLink: false)
    guard status.kind == .directory else { return }
    let target = try tree.openDirectory(path, creating: false)
    try target.directory.descriptor.setOwner(user: status.user, group: status.group)
    try target.directory.descriptor.setPermissions(status.permissions)
    if !path.isRoot {
      try lower.inParent(of: path.joined) { (directory, name) throws(SystemError) in
        for attribute in try directory.extendedAttributeNames(name) {
          guard !UnpackOptions.isOverlayAttribute(attribute.description) else { continue }
          if let value = try directory.extendedAttribute(name, attribute) {
            try target.directory.descriptor.setExtendedAttribute(attribute, value)
          }
        }
      }
    }
    try target.directory.descriptor.setTimes(accessed: status.modified, modified: status.modified)
  }
}
