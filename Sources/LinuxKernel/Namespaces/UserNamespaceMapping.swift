import Glibc

/// One range of user or group ids: what they are inside a user namespace and outside. user_namespaces(7).
public struct IdentifierRange: Sendable, Equatable {
  public let inside: UInt32
  public let outside: UInt32
  public let count: UInt32

  public init(inside: UInt32, outside: UInt32, count: UInt32) {
    self.inside = inside
    self.outside = outside
    self.count = count
  }
}

/// What a user namespace needs to be of use, written by a process outside of it, once.
public enum UserNamespaceMapping {
  /// Writes the ranges of users. Throws: EPERM when a range is not the writer's to give, EINVAL when ranges overlap.
  public static func setUsers(_ ranges: [IdentifierRange], of pid: Int32) throws(SystemError) {
    try HostFiles.write(text(ranges), toExisting: "/proc/\(pid)/uid_map")
  }

  /// Writes the ranges of groups. Without privilege, `denySetGroups` comes first.
  public static func setGroups(_ ranges: [IdentifierRange], of pid: Int32) throws(SystemError) {
    try HostFiles.write(text(ranges), toExisting: "/proc/\(pid)/gid_map")
  }

  /// Takes setgroups(2) from the namespace for good, as an unprivileged mapping of groups demands.
  public static func denySetGroups(of pid: Int32) throws(SystemError) {
    try HostFiles.write("deny", toExisting: "/proc/\(pid)/setgroups")
  }

  private static func text(_ ranges: [IdentifierRange]) -> String {
    ranges.map { "\($0.inside) \($0.outside) \($0.count)\n" }.joined()
  }
}

/// What a time namespace adds to a clock. time_namespaces(7).
public struct TimeOffset: Sendable, Equatable {
  public enum Clock: String, Sendable {
    case monotonic, boottime
  }

  public let clock: Clock
  public let seconds: Int64
  /// 0 to 999,999,999.
  public let nanoseconds: UInt32

  public init(_ clock: Clock, seconds: Int64, nanoseconds: UInt32 = 0) {
    self.clock = clock
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// Sets the offsets of the time namespace that this process unshared, before its first child exists.
  public static func apply(_ offsets: [TimeOffset]) throws(SystemError) {
    let text = offsets.map { "\($0.clock.rawValue) \($0.seconds) \($0.nanoseconds)\n" }.joined()
    try HostFiles.write(text, toExisting: "/proc/self/timens_offsets")
  }
}
