import CLinux
import Glibc

/// The users and groups of this process.
public enum Credentials {
  /// Sets the real, effective and saved user. setresuid(2).
  public static func setUser(_ user: UInt32) throws(SystemError) {
    try systemCall("set user", "\(user)") { clinux_setresuid(user, user, user) }
  }

  /// Sets the real, effective and saved group. setresgid(2).
  public static func setGroup(_ group: UInt32) throws(SystemError) {
    try systemCall("set group", "\(group)") { clinux_setresgid(group, group, group) }
  }

  /// Sets exactly these supplementary groups. setgroups(2).
  public static func setSupplementaryGroups(_ groups: [UInt32]) throws(SystemError) {
    try systemCall("set groups", "\(groups)") {
      unsafe groups.withUnsafeBufferPointer { unsafe clinux_setgroups($0.count, $0.baseAddress) }
    }
  }

  public static var user: UInt32 { getuid() }
  public static var effectiveUser: UInt32 { geteuid() }
  public static var group: UInt32 { getgid() }
  public static var effectiveGroup: UInt32 { getegid() }
}
