import CLinux
import Glibc

/// One directory, held by its descriptor. Its functions act on a single name in it and never follow a symbolic link,
/// so nothing that happens to the tree meanwhile can lead them elsewhere.
///
/// A name with a slash in it, "." or ".." is refused with EINVAL.
public struct Directory: ~Copyable, Sendable {
  public let descriptor: Descriptor
  /// The path it was opened by, for error messages only.
  public let path: String

  /// Takes over the descriptor of a directory. `path` is what errors call it.
  public init(owning descriptor: consuming Descriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// A directory of the host by its path, symbolic links followed.
  public init(_ path: String) throws(SystemError) {
    self.init(owning: try HostFiles.open(path, [.directory, .pathOnly]), path: path)
  }

  // MARK: Opening

  /// Opens or creates `name`. Throws: ELOOP for a symbolic link.
  public func open(_ name: some KernelPath, _ flags: OpenFlags, permissions: UInt32 = 0o600) throws(SystemError)
    -> Descriptor
  {
    Descriptor(
      owning: try unsafe act("open", name) {
        unsafe clinux_openat($0, $1, flags.union(.noFollow).kernelValue, permissions)
      })
  }

  /// Opens the directory `name`. Throws: ENOTDIR for anything else, a symbolic link too.
  public func openDirectory(_ name: some KernelPath) throws(SystemError) -> Directory {
    Directory(owning: try open(name, .directory), path: "\(path)/\(name)")
  }

  /// A second handle on the same directory.
  public func duplicate() throws(SystemError) -> Directory {
    Directory(owning: try descriptor.duplicate(), path: path)
  }

  // MARK: Making

  /// Makes the directory `name`. mkdirat(2): the umask applies.
  public func makeDirectory(_ name: some KernelPath, permissions: UInt32 = 0o755) throws(SystemError) {
    try unsafe act("mkdir", name) { unsafe mkdirat($0, $1, permissions) }
  }

  /// Makes `name` a symbolic link that holds `target`. symlinkat(2).
  public func makeSymbolicLink(_ name: some KernelPath, to target: some KernelPath) throws(SystemError) {
    try unsafe act("symlink", name) { directory, name in
      unsafe target.withKernelString { unsafe symlinkat($0, directory, name) }
    }
  }

  /// Makes `name` a second name of `existing` in `directory`. linkat(2): a symbolic link is itself linked.
  public func makeHardLink(_ name: some KernelPath, to existing: some KernelPath, in directory: borrowing Directory)
    throws(SystemError)
  {
    let from = directory.descriptor.rawValue
    try unsafe act("link", name) { into, name in
      unsafe existing.withKernelString { unsafe isSingleName($0) ? linkat(from, $0, into, name, 0) : refuse() }
    }
  }

  /// Makes a device node, fifo, socket or empty regular file. mknodat(2): the umask applies.
  public func makeNode(
    _ name: some KernelPath, kind: FileKind, permissions: UInt32,
    device: DeviceNumber = DeviceNumber(major: 0, minor: 0)
  ) throws(SystemError) {
    try unsafe act("mknod", name) { unsafe mknodat($0, $1, kind.modeBits | permissions, device.kernelValue) }
  }

  // MARK: Removing and renaming

  /// Removes `name`, which is not a directory. unlinkat(2).
  public func remove(_ name: some KernelPath) throws(SystemError) {
    try unsafe act("remove", name) { unsafe unlinkat($0, $1, 0) }
  }

  /// Removes the empty directory `name`.
  public func removeDirectory(_ name: some KernelPath) throws(SystemError) {
    try unsafe act("remove directory", name) { unsafe unlinkat($0, $1, AT_REMOVEDIR) }
  }

  /// Renames `name` to `newName` in `directory`, replacing what is there. renameat2(2).
  public func rename(
    _ name: some KernelPath, to newName: some KernelPath, in directory: borrowing Directory,
    _ flags: RenameFlags = []
  ) throws(SystemError) {
    let into = directory.descriptor.rawValue
    try unsafe act("rename", name) { from, name in
      unsafe newName.withKernelString {
        unsafe isSingleName($0) ? clinux_renameat2(from, name, into, $0, flags.rawValue) : refuse()
      }
    }
  }

  // MARK: Asking

  /// What the kernel tells about `name` itself. fstatat(2).
  public func status(_ name: some KernelPath) throws(SystemError) -> FileStatus {
    var status = stat()
    try unsafe act("stat", name) { unsafe fstatat($0, $1, &status, AT_SYMLINK_NOFOLLOW) }
    return FileStatus(status)
  }

  /// The target of the symbolic link `name`. readlinkat(2).
  public func readLink(_ name: some KernelPath) throws(SystemError) -> RawPath {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = try unsafe act("readlink", name) { directory, name in
      unsafe buffer.withUnsafeMutableBytes { unsafe clinux_readlinkat(directory, name, $0.baseAddress, $0.count) }
    }
    return RawPath(buffer[..<count])
  }

  /// All names, in no order.
  public func entries() throws(SystemError) -> [DirectoryEntry] {
    // A descriptor of its own: it starts at the beginning, and is there even when ours is only a place.
    let listing = try reopened()
    var entries: [DirectoryEntry] = []
    try listing.forEachEntry { (entry) throws(SystemError) in
      entries.append(entry)
      return true
    }
    return entries
  }

  // MARK: Changing

  /// Sets owner and group of `name` itself. fchownat(2); it clears set-user-id, so permissions are set after it.
  public func setOwner(_ name: some KernelPath, user: UInt32, group: UInt32) throws(SystemError) {
    try unsafe act("chown", name) { unsafe fchownat($0, $1, user, group, AT_SYMLINK_NOFOLLOW) }
  }

  /// Sets the permission bits of `name`. Throws: EOPNOTSUPP for a symbolic link, which has none of its own.
  public func setPermissions(_ name: some KernelPath, _ permissions: UInt32) throws(SystemError) {
    do {
      try unsafe act("chmod", name) { unsafe clinux_fchmodat2($0, $1, permissions, AT_SYMLINK_NOFOLLOW) }
    } catch {
      guard error.errno == ENOSYS else { throw error }
      // Before Linux 6.6: the open file's own path in /proc, which nobody can swap.
      let file = try open(name, .pathOnly)
      if try file.status().kind == .symbolicLink {
        throw SystemError(errno: EOPNOTSUPP, call: "chmod", object: label(name))
      }
      let path = file.processPath
      try systemCall("chmod", label(name)) { unsafe chmod(path, permissions) }
    }
  }

  /// Sets the times of `name` itself. utimensat(2).
  public func setTimes(_ name: some KernelPath, accessed: FileTime, modified: FileTime) throws(SystemError) {
    let times: [2 of timespec] = [accessed.kernelValue, modified.kernelValue]
    try unsafe act("set times of", name) { directory, name in
      unsafe times.span.withUnsafeBufferPointer {
        unsafe utimensat(directory, name, $0.baseAddress, AT_SYMLINK_NOFOLLOW)
      }
    }
  }

  // MARK: Inside

  /// The same directory opened for listing.
  func reopened() throws(SystemError) -> Descriptor {
    let flags = OpenFlags.directory.kernelValue
    return Descriptor(
      owning: try systemCall("open", path) { unsafe clinux_openat(descriptor.rawValue, ".", flags, 0) })
  }

  func label(_ name: some KernelPath) -> String { "\(path)/\(name)" }

  /// Makes one call on a name in this directory.
  @discardableResult
  func act<Result: SignedInteger>(
    _ call: StaticString, _ name: some KernelPath, _ body: (Int32, UnsafePointer<CChar>) -> Result
  ) throws(SystemError) -> Result {
    try systemCall(call, label(name)) {
      unsafe name.withKernelString { unsafe isSingleName($0) ? body(descriptor.rawValue, $0) : refuse() }
    }
  }
}

/// How a rename treats what has the new name. renameat2(2).
public struct RenameFlags: OptionSet, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Fail with EEXIST instead of replacing.
  public static let noReplace = RenameFlags(rawValue: 1)
  /// Swap the two.
  public static let exchange = RenameFlags(rawValue: 2)
}

/// Whether a name is one component: not empty, no slash, not "." or "..".
private func isSingleName(_ name: UnsafePointer<CChar>) -> Bool {
  if unsafe strlen(name) == 0 || strchr(name, Int32(UInt8(ascii: "/"))) != nil { return false }
  return unsafe strcmp(name, ".") != 0 && strcmp(name, "..") != 0
}

/// As if the kernel had refused the name.
private func refuse<Result: SignedInteger>() -> Result {
  errno = EINVAL
  return -1
}
