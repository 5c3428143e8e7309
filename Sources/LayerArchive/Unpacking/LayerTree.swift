import Diagnostics
import Glibc
import LinuxKernel

/// An open directory of a layer.
final class OpenDirectory {
  let directory: Directory

  init(_ directory: consuming Directory) {
    self.directory = directory
  }
}

/// The directory tree of a layer that is being made, with the way to the last place used kept open: archives list
/// neighbours together, so most members cost no look-up of their parents.
///
/// Nobody else writes to the tree. Still every step is taken from an open directory by a single name without
/// following links; only where the layer itself has put a symbolic link on the way does the kernel resolve it, inside
/// the layer's root.
final class LayerTree {
  /// How many directories are kept open at most; deeper ones are looked up from the root.
  private static let mostOpen = 32

  private let tree: RootedDirectory
  private let root: OpenDirectory
  private var open: [(name: RawPath, directory: OpenDirectory)] = []
  /// Directories that members needed but that no member has described.
  private(set) var implied: Set<LayerPath> = []
  private let opaqueAttribute: String

  /// - Parameters:
  ///   - path: An existing directory of the host.
  ///   - opaqueAttribute: What marks a directory as opaque for overlayfs.
  init(_ path: String, opaqueAttribute: String) throws {
    let directory = Directory(owning: try HostFiles.open(path, [.directory, .noFollow]), path: path)
    root = OpenDirectory(try directory.duplicate())
    tree = RootedDirectory(owning: directory)
    self.opaqueAttribute = opaqueAttribute
  }

  /// Opens a directory of the layer, making it and those above it where they are missing if `creating` says so.
  ///
  /// Throws: `SystemError` ENOENT, or `ClassifiedError` of kind `invalid` when the way leads through a file.
  func openDirectory(_ path: LayerPath, creating: Bool = true) throws -> OpenDirectory {
    let components = path.components
    if components.count > Self.mostOpen { return try openDeep(path, creating) }
    var shared = 0
    while shared < open.count, shared < components.count, open[shared].name == components[shared] { shared += 1 }
    open.removeSubrange(shared...)
    while open.count < components.count {
      let name = components[open.count]
      let here = LayerPath(components: Array(components.prefix(open.count + 1)))
      let directory = try enter(name, from: open.last?.directory ?? root, here, creating)
      open.append((name, directory))
    }
    return open.last?.directory ?? root
  }

  /// Forgets what is open, because a directory or a link on the way may have been replaced.
  func forgetOpen() {
    open.removeAll()
  }

  /// Says that a member has described this directory.
  func describe(_ path: LayerPath) {
    if !implied.isEmpty { implied.remove(path) }
  }

  func imply(_ path: LayerPath) {
    implied.insert(path)
  }

  /// Calls `body` with the directory that holds an existing file, resolved inside the root; used for hard links.
  func inParent<Result>(
    of path: LayerPath, _ body: (borrowing Directory, RawPath) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    try tree.inParent(of: path.joined, body)
  }

  /// Marks a directory so that overlayfs shows nothing of the layers below in it.
  func makeOpaque(_ directory: borrowing Directory) throws {
    try directory.descriptor.setExtendedAttribute(opaqueAttribute, [UInt8(ascii: "y")])
  }

  private func enter(_ name: RawPath, from parent: OpenDirectory, _ path: LayerPath, _ creating: Bool) throws
    -> OpenDirectory
  {
    do {
      return OpenDirectory(try parent.directory.openDirectory(name))
    } catch let error {
      switch error.errno {
      case ENOENT where creating:
        try parent.directory.makeDirectory(name, permissions: 0o755)
        implied.insert(path)
        return OpenDirectory(try parent.directory.openDirectory(name))
      case ENOTDIR, ELOOP: return try enterOther(name, from: parent, path, creating)
      default: throw error
      }
    }
  }

  /// What stands where a directory should be is a link inside the layer, a whiteout, or a mistake.
  private func enterOther(_ name: RawPath, from parent: OpenDirectory, _ path: LayerPath, _ creating: Bool) throws
    -> OpenDirectory
  {
    let status = try parent.directory.status(name)
    if status.kind == .symbolicLink {
      if creating { _ = try tree.makeDirectories(path.joined) }
      let descriptor = try tree.open(path.joined, .directory)
      return OpenDirectory(Directory(owning: descriptor, path: path.description))
    }
    guard creating, status.isWhiteout else {
      throw ClassifiedError(.invalid, "the way leads through a file", object: path.description)
    }
    try parent.directory.remove(name)
    try parent.directory.makeDirectory(name, permissions: 0o755)
    let directory = try parent.directory.openDirectory(name)
    try makeOpaque(directory)
    return OpenDirectory(directory)
  }

  private func openDeep(_ path: LayerPath, _ creating: Bool) throws -> OpenDirectory {
    if creating {
      var depth = Self.mostOpen
      while depth <= path.components.count {
        let step = LayerPath(components: Array(path.components.prefix(depth)))
        depth += 1
        do {
          try tree.makeDirectory(step.joined)
          implied.insert(step)
        } catch let error {
          if error.errno != EEXIST { throw error }
        }
      }
    }
    return OpenDirectory(Directory(owning: try tree.open(path.joined, .directory), path: path.description))
  }
}

extension FileStatus {
  /// A character device 0:0, which overlayfs takes for a name that is hidden.
  var isWhiteout: Bool {
    kind == .characterDevice && representedDevice == DeviceNumber(major: 0, minor: 0)
  }
}
