import Diagnostics
import Glibc
import LinuxKernel
import OCIImageSpec
import TarFormat

/// Makes the members of a layer's archive in its directory, one after the other.
///
/// As few system calls as can be: a regular file of root costs open, write, fchmod, futimens and close. Owners come
/// before permissions, because chown(2) takes set-user-id away, and attributes before both is no use, because it also
/// takes `security.capability` away. What making children would change, or what would change the children, is set at
/// the end: times of directories, and set-group-id, which children inherit.
final class LayerApplier {
  private let options: UnpackOptions
  private let tree: LayerTree
  private var size: Int64 = 0
  private var members = 0
  private var droppedAttributes = 0
  private var needs = LowerNeeds()
  private var deviceNodes = 0
  private var directories: [(path: LayerPath, header: DirectoryEnd)] = []
  private var file: OpenMember?

  private struct DirectoryEnd {
    let modified: FileTime
    /// Permissions, when they could not be set at once.
    let permissions: UInt32?
  }

  /// The regular file whose data are arriving.
  private final class OpenMember {
    let descriptor: LinuxKernel.Descriptor
    let header: TarHeader

    init(_ descriptor: consuming LinuxKernel.Descriptor, _ header: TarHeader) {
      self.descriptor = descriptor
      self.header = header
    }
  }

  init(_ path: String, options: UnpackOptions) throws {
    self.options = options
    tree = try LayerTree(path, opaqueAttribute: options.opaqueAttribute)
  }

  // MARK: Members

  func begin(_ header: TarHeader) throws {
    try count(header)
    let path = try LayerPath(header.path)
    switch try Whiteout(path) {
    case .bookkeeping: return
    case .opaqueDirectory: return try makeOpaque(path.parent)
    case .hides(let name): return try hide(name, in: path.parent)
    case nil: break
    }
    guard let name = path.name else {
      guard header.kind == .directory else {
        throw ClassifiedError(.invalid, "the root of the layer is not a directory")
      }
      return try describe(path, try tree.openDirectory(path), header)
    }
    switch header.kind {
    case .directory: try makeDirectory(path, name, header)
    case .regular: try beginFile(path, name, header)
    case .hardLink: try makeHardLink(path, name, header)
    case .symbolicLink: try makeSymbolicLink(path, name, header)
    case .characterDevice, .blockDevice, .fifo: try makeNode(path, name, header)
    }
  }

  /// Takes the next piece of the file that was begun.
  func write(_ bytes: Span<UInt8>, at offset: Int64) throws {
    guard let file else { return }
    if file.header.sparseSegments == nil {
      try file.descriptor.writeAll(bytes)
    } else {
      try file.descriptor.writeAll(bytes, at: offset)
    }
  }

  func end() throws {
    guard let member = file.take() else { return }
    if member.header.sparseSegments != nil { try member.descriptor.truncate(to: member.header.size) }
    try setMetadata(of: member.descriptor, member.header, permissions: member.header.mode)
    let time = FileTime(member.header.modified)
    try member.descriptor.setTimes(accessed: time, modified: time)
  }

  /// Sets what had to wait until all members were there.
  func finish(diffID: Digest) throws -> UnpackedLayer {
    for (path, end) in directories {
      let opened: OpenDirectory
      do {
        opened = try tree.openDirectory(path, creating: false)
      } catch let error as SystemError where error.errno == ENOENT {
        continue  // a later member replaced it
      } catch let error as ClassifiedError where error.kind == .invalid {
        continue
      }
      if let permissions = end.permissions { try opened.directory.descriptor.setPermissions(permissions) }
      try opened.directory.descriptor.setTimes(accessed: end.modified, modified: end.modified)
    }
    needs.directories = tree.implied.map(\.joined)
    return UnpackedLayer(
      diffID: diffID, size: size, members: members, droppedAttributes: droppedAttributes, needs: needs)
  }

  private func count(_ header: TarHeader) throws {
    let limits = options.limits
    members += 1
    guard members <= limits.members else {
      throw ClassifiedError(.invalid, "the layer has more than \(limits.members) members")
    }
    guard header.size <= limits.bytes else {
      throw ClassifiedError(.invalid, "a file of \(header.size) bytes is too large", object: header.displayPath)
    }
    switch header.kind {
    case .characterDevice, .blockDevice:
      deviceNodes += 1
      guard deviceNodes <= limits.deviceNodes else {
        throw ClassifiedError(.invalid, "the layer has more than \(limits.deviceNodes) device nodes")
      }
    case .directory:
      guard directories.count < limits.directories else {
        throw ClassifiedError(.invalid, "the layer has more than \(limits.directories) directories")
      }
    case .regular: size += header.size
    case .symbolicLink: size += Int64(header.linkTarget.count)
    case .hardLink, .fifo: break
    }
  }

  // MARK: Whiteouts

  private func makeOpaque(_ path: LayerPath) throws {
    try tree.makeOpaque(try tree.openDirectory(path).directory)
  }

  /// A name that this layer has itself stays (image spec: whiteouts hide lower layers only); a directory of that name
  /// then must not show what lies below it.
  private func hide(_ name: RawPath, in path: LayerPath) throws {
    let parent = try tree.openDirectory(path)
    let none = DeviceNumber(major: 0, minor: 0)
    do {
      try parent.directory.makeNode(name, kind: .characterDevice, permissions: 0, device: none)
    } catch {
      guard error.errno == EEXIST else { throw error }
      guard try parent.directory.status(name).kind == .directory else { return }
      try makeOpaque(path.appending(name))
    }
  }

  // MARK: Kinds

  private func makeDirectory(_ path: LayerPath, _ name: RawPath, _ header: TarHeader) throws {
    let parent = try tree.openDirectory(path.parent)
    var replaces = false
    do {
      try parent.directory.makeDirectory(name, permissions: 0o700)
    } catch {
      guard error.errno == EEXIST else { throw error }
      if try parent.directory.status(name).kind != .directory {
        try makeRoom(for: name, in: parent)
        try parent.directory.makeDirectory(name, permissions: 0o700)
        replaces = true
      }
    }
    let opened = try tree.openDirectory(path)
    // What had the name before hid the lower layers' directory altogether.
    if replaces { try tree.makeOpaque(opened.directory) }
    try describe(path, opened, header)
  }

  private func describe(_ path: LayerPath, _ opened: OpenDirectory, _ header: TarHeader) throws {
    let setGroupID: UInt32 = 0o2000
    tree.describe(path)
    try setMetadata(of: opened.directory.descriptor, header, permissions: header.mode & ~setGroupID)
    let isLate = header.mode & setGroupID != 0
    directories.append(
      (path, DirectoryEnd(modified: FileTime(header.modified), permissions: isLate ? header.mode : nil)))
  }

  private func beginFile(_ path: LayerPath, _ name: RawPath, _ header: TarHeader) throws {
    let parent = try tree.openDirectory(path.parent)
    let flags: OpenFlags = [.writeOnly, .create, .exclusive]
    do {
      file = OpenMember(try parent.directory.open(name, flags), header)
    } catch {
      guard error.errno == EEXIST else { throw error }
      try makeRoom(for: name, in: parent)
      file = OpenMember(try parent.directory.open(name, flags), header)
    }
  }

  /// The inode has its owner, permissions and attributes already; a link brings none.
  private func makeHardLink(_ path: LayerPath, _ name: RawPath, _ header: TarHeader) throws {
    let target = try LayerPath(header.linkTarget)
    guard !target.isRoot, target != path else {
      throw ClassifiedError(.invalid, "a hard link to itself or to the root", object: path.description)
    }
    let parent = try tree.openDirectory(path.parent)
    switch try link(name, in: parent, to: target) {
    case .made: return
    case .targetMissing: needs.links.append(LowerNeeds.Link(path: path.joined, target: target.joined))
    case .nameTaken:
      try makeRoom(for: name, in: parent)
      guard try link(name, in: parent, to: target) == .made else {
        throw ClassifiedError(
          .invalid, "a hard link in the place of its own target \(target)", object: path.description)
      }
    }
  }

  private enum LinkOutcome {
    case made, nameTaken, targetMissing
  }

  private func link(_ name: RawPath, in parent: OpenDirectory, to target: LayerPath) throws -> LinkOutcome {
    do {
      try tree.inParent(of: target) { (directory, existing) throws(SystemError) in
        try parent.directory.makeHardLink(name, to: existing, in: directory)
      }
      return .made
    } catch let error {
      switch error.errno {
      case EEXIST: return .nameTaken
      case ENOENT, ENOTDIR: return .targetMissing
      default: throw error
      }
    }
  }

  private func makeSymbolicLink(_ path: LayerPath, _ name: RawPath, _ header: TarHeader) throws {
    guard !header.linkTarget.isEmpty else {
      throw ClassifiedError(.invalid, "a symbolic link without a target", object: path.description)
    }
    let target = RawPath(header.linkTarget)
    let parent = try tree.openDirectory(path.parent)
    do {
      try parent.directory.makeSymbolicLink(name, to: target)
    } catch {
      guard error.errno == EEXIST else { throw error }
      try makeRoom(for: name, in: parent)
      try parent.directory.makeSymbolicLink(name, to: target)
    }
    try setMetadata(of: name, in: parent, header)
  }

  private func makeNode(_ path: LayerPath, _ name: RawPath, _ header: TarHeader) throws {
    let kind: FileKind =
      switch header.kind {
      case .characterDevice: .characterDevice
      case .blockDevice: .blockDevice
      default: .fifo
      }
    let device = DeviceNumber(major: header.deviceMajor, minor: header.deviceMinor)
    let parent = try tree.openDirectory(path.parent)
    do {
      try parent.directory.makeNode(name, kind: kind, permissions: 0, device: device)
    } catch {
      guard error.errno == EEXIST else { throw error }
      try makeRoom(for: name, in: parent)
      try parent.directory.makeNode(name, kind: kind, permissions: 0, device: device)
    }
    try setMetadata(of: name, in: parent, header)
  }

  /// Removes what an earlier member has put there: the last one of a name wins.
  private func makeRoom(for name: RawPath, in parent: OpenDirectory) throws {
    switch try parent.directory.status(name).kind {
    case .directory:
      try parent.directory.removeTree(name)
      tree.forgetOpen()
    case .symbolicLink:
      try parent.directory.remove(name)
      tree.forgetOpen()
    default: try parent.directory.remove(name)
    }
  }

  // MARK: Metadata

  private func setMetadata(
    of file: borrowing LinuxKernel.Descriptor, _ header: TarHeader, permissions: UInt32
  ) throws {
    if header.owner != 0 || header.group != 0 { try file.setOwner(user: header.owner, group: header.group) }
    try file.setPermissions(permissions)
    for attribute in header.extendedAttributes where !UnpackOptions.isOverlayAttribute(attribute.name) {
      do {
        try file.setExtendedAttribute(attribute.name, attribute.value)
      } catch {
        guard error.errno == EOPNOTSUPP else { throw error }
        droppedAttributes += 1
      }
    }
  }

  private func setMetadata(of name: RawPath, in parent: OpenDirectory, _ header: TarHeader) throws {
    if header.owner != 0 || header.group != 0 {
      try parent.directory.setOwner(name, user: header.owner, group: header.group)
    }
    if header.kind != .symbolicLink { try parent.directory.setPermissions(name, header.mode) }
    for attribute in header.extendedAttributes where !UnpackOptions.isOverlayAttribute(attribute.name) {
      do {
        try parent.directory.setExtendedAttribute(name, attribute.name, attribute.value)
      } catch {
        guard error.errno == EOPNOTSUPP || error.errno == EPERM else { throw error }
        droppedAttributes += 1  // user attributes are for files and directories only
      }
    }
    let time = FileTime(header.modified)
    try parent.directory.setTimes(name, accessed: time, modified: time)
  }
}

extension FileTime {
  init(_ time: TarTime) {
    self.init(seconds: time.seconds, nanoseconds: time.nanoseconds)
  }
}
