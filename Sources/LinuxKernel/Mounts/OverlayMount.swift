import Glibc

/// Layers stacked into one tree, and a writable one on top. overlayfs, Documentation/filesystems/overlayfs.rst.
public struct OverlayMount: Sendable {
  /// The directory that holds the lower layers.
  public var layersDirectory: String
  /// The lower layers by their names in `layersDirectory`, the topmost first; at least one.
  public var lowers: [String]
  /// Where changes go; nil makes the tree read-only. An absolute path.
  public var upper: String?
  /// An empty directory on the file system of `upper`, for overlayfs itself. An absolute path.
  public var work: String?
  /// More options, such as "userxattr" or "index=off".
  public var options: [String] = []

  public init(layersDirectory: String, lowers: [String], upper: String? = nil, work: String? = nil) {
    self.layersDirectory = layersDirectory
    self.lowers = lowers
    self.upper = upper
    self.work = work
  }

  /// Mounts at `target` in whichever way this kernel has.
  ///
  /// Only for single-threaded programs: before Linux 6.7, where `lowerdir+` appeared, the working directory is changed
  /// for a moment, so that many layers fit into one page by their short names.
  ///
  /// Throws: EINVAL (the upper directory's file system cannot be one, or no lower layer), ENOENT, EBUSY (`upper` or
  /// `work` is in use), E2BIG when the classic call has no room for so many layers.
  public func mount(at target: String) throws(SystemError) {
    do {
      try detached().attach(at: target)
    } catch {
      // ENOSYS: no such calls (before 5.2). EINVAL: overlayfs takes no lowerdir+ yet (before 6.7), or something
      // is really wrong, and then the classic call finds it too.
      guard [ENOSYS, EINVAL, EOPNOTSUPP].contains(error.errno) else { throw error }
      try mountClassically(at: target)
    }
  }

  /// The stack as a detached mount, in a program with threads too. Linux 6.7; the layers' paths may be longer than
  /// `FilesystemContext.longestValue` from 6.13 on.
  public func detached() throws(SystemError) -> MountTree {
    do {
      return try detached(byDescriptors: true)
    } catch {
      // Options that take a descriptor came with 6.13; before, they take only text, and before overlayfs had a
      // context of its own the answer was EOPNOTSUPP.
      guard [EINVAL, EOPNOTSUPP].contains(error.errno) else { throw error }
      return try detached(byDescriptors: false)
    }
  }

  private func detached(byDescriptors: Bool) throws(SystemError) -> MountTree {
    func set(_ key: String, _ path: String, on context: borrowing FilesystemContext) throws(SystemError) {
      if byDescriptors {
        try context.set(key, try HostFiles.open(path, [.pathOnly, .directory]))
      } else {
        try context.set(key, path)
      }
    }
    let context = try FilesystemContext("overlay")
    try context.set("source", "overlay")
    for lower in lowers { try set("lowerdir+", "\(layersDirectory)/\(lower)", on: context) }
    if let upper { try set("upperdir", upper, on: context) }
    if let work { try set("workdir", work, on: context) }
    for option in options {
      if let equals = option.firstIndex(of: "=") {
        try context.set(String(option[..<equals]), String(option[option.index(after: equals)...]))
      } else {
        try context.setFlag(option)
      }
    }
    return try context.makeMount()
  }

  /// mount(2), whose options share one page; the names of layers are relative to the working directory.
  private func mountClassically(at target: String) throws(SystemError) {
    var options = ["lowerdir=" + lowers.map { Self.escaped($0, "\\:,") }.joined(separator: ":")]
    if let upper { options.append("upperdir=" + Self.escaped(upper, "\\,")) }
    if let work { options.append("workdir=" + Self.escaped(work, "\\,")) }
    let data = (options + self.options).joined(separator: ",")
    let page = sysconf(Int32(_SC_PAGESIZE))
    if data.utf8.count >= page {
      throw SystemError(errno: E2BIG, call: "mount overlay of \(lowers.count) layers at", object: target)
    }
    let previous = try HostFiles.open(".", [.pathOnly, .directory])
    try HostFiles.changeDirectory(layersDirectory)
    // The mount's own error is worth more than one of going back.
    let result: Result<Void, SystemError>
    do throws(SystemError) {
      try Mounts.mount("overlay", source: "overlay", at: target, data: data)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try previous.makeWorkingDirectory()
    try result.get()
  }

  /// Characters that overlayfs's own list syntax gives a meaning, with a backslash before them.
  private static func escaped(_ path: String, _ special: String) -> String {
    String(path.flatMap { special.contains($0) ? ["\\", $0] : [$0] })
  }
}

extension Descriptor {
  /// Makes this directory the working directory. fchdir(2).
  public func makeWorkingDirectory() throws(SystemError) {
    try systemCall("chdir", place) { fchdir(rawValue) }
  }
}
