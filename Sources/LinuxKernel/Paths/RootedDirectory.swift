import CLinux
import Glibc

/// A tree that somebody else fills: an image's layer, a container's root. Every path is resolved inside it, absolute
/// symbolic links and ".." included, by the kernel in one step, so that no swap between two look-ups leads outside.
/// openat2(2), RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS; Linux 5.6.
public struct RootedDirectory: ~Copyable, Sendable {
  /// The root itself.
  public let root: Directory

  /// Takes over a directory as a root.
  public init(owning root: consuming Directory) {
    self.root = root
  }

  /// A directory of the host as a root. Its own path is the host's, and symbolic links in it are followed.
  public init(_ path: String) throws(SystemError) {
    self.init(owning: try Directory(path))
  }

  // MARK: Opening

  /// Opens or creates a file. Symbolic links are followed, inside the root; with `noFollow` the last one is not.
  public func open(_ path: some KernelPath, _ flags: OpenFlags, permissions: UInt32 = 0o644) throws(SystemError)
    -> Descriptor
  {
    let mode: UInt64 = flags.contains(.create) || flags.contains(.unnamed) ? UInt64(permissions) : 0
    return try resolve(path, flags, mode)
  }

  /// Opens a directory as a place. Throws: ENOTDIR.
  public func openDirectory(_ path: some KernelPath) throws(SystemError) -> Directory {
    Directory(owning: try resolve(path, [.directory, .pathOnly], 0), path: label(path))
  }

  /// Opens a directory, making it and those above it where they are missing.
  ///
  /// Throws: ENOTDIR where a file is in the way, ENOENT for a symbolic link that leads nowhere.
  public func makeDirectories<Path: KernelPath>(_ path: Path, permissions: UInt32 = 0o755) throws(SystemError)
    -> Directory
  {
    do {
      return try openDirectory(path)
    } catch {
      guard error.errno == ENOENT, let (above, name) = path.splitLast else { throw error }
      let parent = try makeDirectories(above, permissions: permissions)
      do {
        try parent.makeDirectory(name, permissions: permissions)
      } catch {
        if error.errno != EEXIST { throw error }
      }
    }
    return try openDirectory(path)
  }

  /// Calls `body` with the directory that holds the last component of `path`, and that component. What `body` does
  /// with the name does not follow a symbolic link.
  ///
  /// Throws: EINVAL when the path has no last component: "/", or one that ends in "..".
  @discardableResult
  public func inParent<Path: KernelPath, Result>(
    of path: Path, _ body: (borrowing Directory, Path) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    guard let (above, name) = path.splitLast else {
      throw SystemError(errno: EINVAL, call: "find the parent of", object: label(path))
    }
    return try body(try openDirectory(above), name)
  }

  // MARK: One call on a path

  /// Makes one directory.
  public func makeDirectory(_ path: some KernelPath, permissions: UInt32 = 0o755) throws(SystemError) {
    try inParent(of: path) { (directory, name) throws(SystemError) in
      try directory.makeDirectory(name, permissions: permissions)
    }
  }

  /// Makes a symbolic link that holds `target`, whatever it leads to.
  public func makeSymbolicLink(_ path: some KernelPath, to target: some KernelPath) throws(SystemError) {
    try inParent(of: path) { (directory, name) throws(SystemError) in
      try directory.makeSymbolicLink(name, to: target)
    }
  }

  /// Makes `path` a second name of `existing`, both inside the root.
  public func makeHardLink(_ path: some KernelPath, to existing: some KernelPath) throws(SystemError) {
    try inParent(of: existing) { (from, existingName) throws(SystemError) in
      try inParent(of: path) { (into, name) throws(SystemError) in
        try into.makeHardLink(name, to: existingName, in: from)
      }
    }
  }

  /// Makes a device node, fifo, socket or empty regular file. The umask applies.
  public func makeNode(
    _ path: some KernelPath, kind: FileKind, permissions: UInt32,
    device: DeviceNumber = DeviceNumber(major: 0, minor: 0)
  ) throws(SystemError) {
    try inParent(of: path) { (directory, name) throws(SystemError) in
      try directory.makeNode(name, kind: kind, permissions: permissions, device: device)
    }
  }

  /// Removes what is not a directory.
  public func remove(_ path: some KernelPath) throws(SystemError) {
    try inParent(of: path) { (directory, name) throws(SystemError) in try directory.remove(name) }
  }

  /// Removes a file, or a directory with all that is in it. Nothing there is no error.
  public func removeTree(_ path: some KernelPath) throws(SystemError) {
    do {
      try inParent(of: path) { (directory, name) throws(SystemError) in try directory.removeTree(name) }
    } catch {
      if error.errno != ENOENT { throw error }
    }
  }

  /// Renames, replacing what is there.
  public func rename(_ path: some KernelPath, to newPath: some KernelPath, _ flags: RenameFlags = [])
    throws(SystemError)
  {
    try inParent(of: path) { (from, name) throws(SystemError) in
      try inParent(of: newPath) { (into, newName) throws(SystemError) in
        try from.rename(name, to: newName, in: into, flags)
      }
    }
  }

  /// What the kernel tells about the file; the last component, if a symbolic link, is followed unless told otherwise.
  public func status(_ path: some KernelPath, followingLink: Bool = true) throws(SystemError) -> FileStatus {
    try resolve(path, followingLink ? .pathOnly : [.pathOnly, .noFollow], 0).status()
  }

  /// The target that a symbolic link holds.
  public func readLink(_ path: some KernelPath) throws(SystemError) -> RawPath {
    try inParent(of: path) { (directory, name) throws(SystemError) in try directory.readLink(name) }
  }

  /// Sets owner and group of the file itself; a symbolic link is not followed.
  public func setOwner(_ path: some KernelPath, user: UInt32, group: UInt32) throws(SystemError) {
    try inParent(of: path) { (directory, name) throws(SystemError) in
      try directory.setOwner(name, user: user, group: group)
    }
  }

  /// Sets the permission bits of the file itself. Throws: EOPNOTSUPP for a symbolic link.
  public func setPermissions(_ path: some KernelPath, _ permissions: UInt32) throws(SystemError) {
    try inParent(of: path) { (directory, name) throws(SystemError) in
      try directory.setPermissions(name, permissions)
    }
  }

  /// Sets the times of the file itself.
  public func setTimes(_ path: some KernelPath, accessed: FileTime, modified: FileTime) throws(SystemError) {
    try inParent(of: path) { (directory, name) throws(SystemError) in
      try directory.setTimes(name, accessed: accessed, modified: modified)
    }
  }

  /// All names in a directory, in no order.
  public func entries(_ path: some KernelPath = ".") throws(SystemError) -> [DirectoryEntry] {
    try openDirectory(path).entries()
  }

  /// A whole file. Throws: EFBIG for more than `limit` bytes.
  public func read(_ path: some KernelPath, limit: Int = 16 << 20) throws(SystemError) -> [UInt8] {
    // Non-blocking, so that a fifo in the place of the file does not hang its reader.
    try open(path, [.readOnly, .nonblocking, .noControllingTerminal]).readAll(limit: limit)
  }

  // MARK: Inside

  private func label(_ path: some KernelPath) -> String {
    let text = path.description
    return text.hasPrefix("/") ? root.path + text : "\(root.path)/\(text)"
  }

  private func resolve(_ path: some KernelPath, _ flags: OpenFlags, _ mode: UInt64) throws(SystemError) -> Descriptor {
    let (noMagicLinks, inRoot): (UInt64, UInt64) = (0x02, 0x10)
    // EAGAIN says that something above was renamed while ".." was resolved: the kernel asks for another try.
    var attempts = 64
    while true {
      do {
        let number = try systemCall("open", label(path)) {
          unsafe path.withKernelString {
            unsafe clinux_openat2(
              root.descriptor.rawValue, $0, UInt64(UInt32(bitPattern: flags.kernelValue)), mode, noMagicLinks | inRoot)
          }
        }
        return Descriptor(owning: number)
      } catch {
        attempts -= 1
        if error.errno != EAGAIN || attempts == 0 { throw error }
      }
    }
  }
}
