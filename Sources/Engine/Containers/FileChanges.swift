import LinuxKernel

/// Files that are changed in place, all of them or none: each is put back if something after it fails. Blocking.
struct FileChanges: Sendable {
  private var done: [(path: String, before: [UInt8]?)] = []

  mutating func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let before = try HostFiles.readIfPresent(path)
    guard before != bytes else { return }
    try HostFiles.overwrite(path, with: bytes)
    done.append((path, before))
  }

  /// Puts back what has been changed, as far as it goes. Throws: what could not be put back.
  mutating func putBack() throws(SystemError) {
    var failure: SystemError?
    for (path, before) in done.reversed() {
      do {
        if let before { try HostFiles.overwrite(path, with: before) } else { try HostFiles.remove(path) }
      } catch {
        failure = error
      }
    }
    done = []
    if let failure { throw failure }
  }
}
