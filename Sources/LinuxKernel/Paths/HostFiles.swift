import CLinux
import Glibc

/// Files by plain paths of this process's root: our own directories, /proc, /sys, configuration. Not for paths that a
/// container or an image has a say in: those belong to `RootedDirectory`.
public enum HostFiles {
  // MARK: Opening and reading

  /// Opens or creates a file. open(2).
  public static func open(_ path: some KernelPath, _ flags: OpenFlags, permissions: UInt32 = 0o600)
    throws(SystemError) -> Descriptor
  {
    Descriptor(
      owning: try systemCall("open", path.description) {
        unsafe path.withKernelString { unsafe clinux_openat(AT_FDCWD, $0, flags.kernelValue, permissions) }
      })
  }

  /// Opens what a path leads to by names and symbolic links alone. openat2(2), RESOLVE_NO_MAGICLINKS.
  ///
  /// Throws: ELOOP where the kernel's own links, such as /proc/self/fd/3, are on the way: they lead anywhere, also out
  /// of the root.
  public static func openByName(_ path: some KernelPath, _ flags: OpenFlags) throws(SystemError) -> Descriptor {
    let noMagicLinks: UInt64 = 0x02
    return Descriptor(
      owning: try systemCall("open", path.description) {
        unsafe path.withKernelString {
          unsafe clinux_openat2(AT_FDCWD, $0, UInt64(UInt32(bitPattern: flags.kernelValue)), 0, noMagicLinks)
        }
      })
  }

  /// A whole file. Throws: EFBIG for more than `limit` bytes.
  public static func read(_ path: some KernelPath, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
    try open(path, .readOnly).readAll(limit: limit)
  }

  /// A whole file as text; bytes that are not UTF-8 become U+FFFD.
  public static func readText(_ path: some KernelPath, limit: Int = 64 << 20) throws(SystemError) -> String {
    String(decoding: try read(path, limit: limit), as: UTF8.self)
  }

  /// A whole file, or nil when it is not there.
  public static func readIfPresent(_ path: some KernelPath, limit: Int = 64 << 20) throws(SystemError) -> [UInt8]? {
    do {
      return try read(path, limit: limit)
    } catch {
      if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
      throw error
    }
  }

  // MARK: Writing

  /// Writes into an existing file in one write, as the control files of /proc and /sys want it.
  public static func write(_ text: String, toExisting path: some KernelPath) throws(SystemError) {
    let file = try open(path, .writeOnly)
    let bytes = Array(text.utf8)
    try systemCall("write", "'\(text)' to \(path)") {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file.rawValue, $0.baseAddress, $0.count) }
    }
  }

  /// Makes or replaces a file so that readers see the old content or the new, never a part: written beside it under a
  /// temporary name, then renamed. `durable` also waits until it would survive the loss of power.
  public static func replace(
    _ path: String, with bytes: [UInt8], permissions: UInt32 = 0o644, durable: Bool = false
  ) throws(SystemError) {
    guard let (directory, name) = path.splitLast else {
      throw SystemError(errno: EINVAL, call: "write", object: path)
    }
    let parent = try Directory(directory)
    let temporary = ".\(name).\(try randomHexadecimal(bytes: 6))"
    do {
      let file = try parent.open(temporary, [.writeOnly, .create, .exclusive], permissions: permissions)
      try file.writeAll(bytes)
      // The umask does not decide what the caller has decided.
      try file.setPermissions(permissions)
      if durable { try file.synchronise() }
      try file.close()
      try parent.rename(temporary, to: name, in: parent)
    } catch {
      // The first error is the one to report; a temporary file that stays is found by whoever sweeps the directory.
      try? parent.remove(temporary)
      throw error
    }
    if durable { try parent.reopened().synchronise() }
  }

  /// Gives a file other content in place, for those who have it open or bound to another path. On failure, such as that of
  /// a full disk, the old content stays, and a file that was not there is not there then.
  public static func overwrite(
    _ path: some KernelPath, with bytes: [UInt8], permissions: UInt32 = 0o644
  ) throws(SystemError) {
    let isNew = try !exists(path)
    let file = try open(path, [.readWrite, .create], permissions: permissions)
    do {
      try file.overwrite(with: bytes)
    } catch {
      if isNew { try? remove(path) }
      throw error
    }
  }

  // MARK: Directories

  /// Makes one directory with exactly these permissions. mkdir(2).
  public static func makeDirectory(_ path: some KernelPath, permissions: UInt32 = 0o755) throws(SystemError) {
    try makeControlDirectory(path, permissions: permissions)
    try setPermissions(path, permissions)
  }

  /// mkdir(2) alone, less the umask: control file systems give their directories the permissions themselves.
  public static func makeControlDirectory(_ path: some KernelPath, permissions: UInt32 = 0o755) throws(SystemError) {
    try systemCall("mkdir", path.description) {
      unsafe path.withKernelString { unsafe mkdir($0, mode_t(permissions)) }
    }
  }

  /// Makes a directory and those above it, where they are missing.
  public static func makeDirectories<Path: KernelPath>(_ path: Path, permissions: UInt32 = 0o755)
    throws(SystemError)
  {
    do {
      try makeDirectory(path, permissions: permissions)
    } catch {
      if error.errno == EEXIST, (try? status(path).kind) == .directory { return }
      guard error.errno == ENOENT, let (above, _) = path.splitLast else { throw error }
      try makeDirectories(above, permissions: permissions)
      do {
        try makeDirectory(path, permissions: permissions)
      } catch {
        if error.errno != EEXIST { throw error }
      }
    }
  }

  /// The names in a directory, sorted by their bytes.
  public static func list(_ path: some KernelPath) throws(SystemError) -> [String] {
    var names: [String] = []
    try open(path, .directory).forEachEntry { (entry) throws(SystemError) in
      names.append(entry.name.description)
      return true
    }
    return names.sorted()
  }

  // MARK: Removing and renaming

  /// Removes what is not a directory. unlink(2).
  public static func remove(_ path: some KernelPath) throws(SystemError) {
    try systemCall("remove", path.description) { unsafe path.withKernelString { unsafe unlink($0) } }
  }

  /// Removes an empty directory. rmdir(2).
  public static func removeDirectory(_ path: some KernelPath) throws(SystemError) {
    try systemCall("remove directory", path.description) { unsafe path.withKernelString { unsafe rmdir($0) } }
  }

  /// Removes a file, or a directory with all that is in it, without following anything. Nothing there is no error.
  public static func removeTree(_ path: String) throws(SystemError) {
    guard let (directory, name) = path.splitLast else {
      throw SystemError(errno: EINVAL, call: "remove", object: path)
    }
    do {
      try Directory(directory).removeTree(name)
    } catch {
      if error.errno != ENOENT { throw error }
    }
  }

  /// Renames, replacing what is there. rename(2).
  public static func rename(_ path: some KernelPath, to newPath: some KernelPath) throws(SystemError) {
    try systemCall("rename", "\(path) to \(newPath)") {
      unsafe path.withKernelString { from in unsafe newPath.withKernelString { unsafe Glibc.rename(from, $0) } }
    }
  }

  // MARK: Links, status, permissions

  /// Makes a symbolic link that holds `target`. symlink(2).
  public static func makeSymbolicLink(_ path: some KernelPath, to target: some KernelPath) throws(SystemError) {
    try systemCall("symlink", path.description) {
      unsafe target.withKernelString { target in unsafe path.withKernelString { unsafe symlink(target, $0) } }
    }
  }

  /// The target that a symbolic link holds. readlink(2).
  public static func readLink(_ path: some KernelPath) throws(SystemError) -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = try systemCall("readlink", path.description) {
      unsafe path.withKernelString { path in
        unsafe buffer.withUnsafeMutableBytes { unsafe clinux_readlinkat(AT_FDCWD, path, $0.baseAddress, $0.count) }
      }
    }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// What the kernel tells about a file. stat(2), lstat(2).
  public static func status(_ path: some KernelPath, followingLink: Bool = true) throws(SystemError) -> FileStatus {
    var status = stat()
    try systemCall("stat", path.description) {
      unsafe path.withKernelString { unsafe fstatat(AT_FDCWD, $0, &status, followingLink ? 0 : AT_SYMLINK_NOFOLLOW) }
    }
    return FileStatus(status)
  }

  /// Whether something is there; a symbolic link that leads nowhere is nothing. Throws when that cannot be known.
  public static func exists(_ path: some KernelPath) throws(SystemError) -> Bool {
    do {
      _ = try status(path)
      return true
    } catch {
      if error.errno == ENOENT || error.errno == ENOTDIR { return false }
      throw error
    }
  }

  /// Whether this process may execute the file. access(2).
  public static func isExecutable(_ path: some KernelPath) -> Bool {
    unsafe path.withKernelString { unsafe access($0, X_OK) } == 0
  }

  /// Sets the permission bits. chmod(2), which follows a symbolic link.
  public static func setPermissions(_ path: some KernelPath, _ permissions: UInt32) throws(SystemError) {
    try systemCall("chmod", path.description) {
      unsafe path.withKernelString { unsafe chmod($0, mode_t(permissions)) }
    }
  }

  /// Sets owner and group. chown(2), which follows a symbolic link.
  public static func setOwner(_ path: some KernelPath, user: UInt32, group: UInt32) throws(SystemError) {
    try systemCall("chown", path.description) { unsafe path.withKernelString { unsafe chown($0, user, group) } }
  }

  /// Makes a fifo. mkfifo(3).
  public static func makeFIFO(_ path: some KernelPath, permissions: UInt32 = 0o600) throws(SystemError) {
    try systemCall("mkfifo", path.description) {
      unsafe path.withKernelString { unsafe mkfifo($0, mode_t(permissions)) }
    }
  }

  // MARK: This process's place

  /// The working directory. getcwd(2): one that lies outside of this process's root, or on no mount of it, begins with
  /// "(unreachable)" in place of a slash. The link /proc/self/cwd would not tell.
  public static func currentDirectory() throws(SystemError) -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = try systemCall("getcwd") {
      unsafe buffer.withUnsafeMutableBytes { unsafe clinux_getcwd($0.baseAddress, $0.count) }
    }
    return String(decoding: buffer[..<(count - 1)], as: UTF8.self)
  }

  /// Changes the working directory, of all threads. chdir(2).
  public static func changeDirectory(_ path: some KernelPath) throws(SystemError) {
    try systemCall("chdir", path.description) { unsafe path.withKernelString { unsafe chdir($0) } }
  }
}

/// Random bytes from the kernel as lower-case hexadecimal. getrandom(2).
public func randomHexadecimal(bytes count: Int) throws(SystemError) -> String {
  var bytes = [UInt8](repeating: 0, count: count)
  try systemCall("getrandom") {
    unsafe bytes.withUnsafeMutableBytes { unsafe clinux_getrandom($0.baseAddress, $0.count, 0) }
  }
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
