import Glibc

extension Descriptor {
  /// Whether the mount that the file was opened through lets nobody write. fstatvfs(3), ST_RDONLY.
  public func isOnReadOnlyMount() throws(SystemError) -> Bool {
    var state = statvfs()
    try systemCall("stat mount of", place) { unsafe fstatvfs(rawValue, &state) }
    return state.f_flag & UInt(ST_RDONLY) != 0
  }
}
