import Glibc

extension Directory {
  /// Removes `name`: a file, or a directory with all that is in it. Nothing is followed, no other file system is
  /// spared: callers unmount first.
  ///
  /// Throws: ENOENT when nothing is there; EBUSY for a mount point.
  public func removeTree(_ name: some KernelPath) throws(SystemError) {
    do {
      try remove(name)
      return
    } catch {
      // For a directory Linux says EISDIR; POSIX allows EPERM.
      if error.errno != EISDIR && error.errno != EPERM { throw error }
    }
    try openDirectory(name).removeContents()
    try removeDirectory(name)
  }

  /// Removes all that is in this directory, and keeps the directory.
  public func removeContents() throws(SystemError) {
    var removal = TreeRemoval()
    try removal.empty(self, top: self, depth: 0)
  }
}

/// One removal. Each level holds a descriptor and a stack frame, so a hostile tree thousands of levels deep would
/// exhaust both: what lies deeper than `mostLevels` is moved up into the top directory, where a later round finds it.
private struct TreeRemoval {
  private static let mostLevels = 48
  private var moved = 0

  mutating func empty(_ directory: borrowing Directory, top: borrowing Directory, depth: Int) throws(SystemError) {
    // A listing taken while names go may miss some: go on until one finds none.
    while true {
      let entries = try directory.entries()
      if entries.isEmpty { return }
      for entry in entries { try remove(entry, from: directory, top: top, depth: depth) }
    }
  }

  private mutating func remove(
    _ entry: DirectoryEntry, from directory: borrowing Directory, top: borrowing Directory, depth: Int
  ) throws(SystemError) {
    do throws(SystemError) {
      if entry.kind != .directory {
        do throws(SystemError) {
          return try directory.remove(entry.name)
        } catch {
          guard entry.kind == .unknown, error.errno == EISDIR || error.errno == EPERM else { throw error }
        }
      }
      if depth == Self.mostLevels {
        moved += 1
        // A name that is taken is a name to try again with the next number.
        return try directory.rename(entry.name, to: RawPath(".removed-\(moved)"), in: top, .noReplace)
      }
      try empty(directory.openDirectory(entry.name), top: top, depth: depth + 1)
      try directory.removeDirectory(entry.name)
    } catch {
      // Somebody else removed it, filled it again, or the name to move to is taken: the next round sees what is left.
      if error.errno != ENOENT && error.errno != ENOTEMPTY && !(depth == Self.mostLevels && error.errno == EEXIST) {
        throw error
      }
    }
  }
}
