/// The eight kinds of namespaces. namespaces(7).
public enum NamespaceKind: String, Sendable, CaseIterable {
  // Users first: entering it gives the rights to enter the others. The mount namespace last: after it, /proc is
  // another one.
  case user, cgroup, ipc, uts, net, pid, time, mount

  /// The CLONE_NEW… flag.
  var flag: UInt32 {
    switch self {
    case .time: 0x80
    case .mount: 0x2_0000
    case .cgroup: 0x200_0000
    case .uts: 0x400_0000
    case .ipc: 0x800_0000
    case .user: 0x1000_0000
    case .pid: 0x2000_0000
    case .net: 0x4000_0000
    }
  }

  /// Its name in /proc/PID/ns, for entering; for pid and time that of what children get.
  public var procName: String { self == .mount ? "mnt" : rawValue }
}

/// A set of kinds of namespaces.
public struct NamespaceKinds: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  public init(_ kinds: some Sequence<NamespaceKind>) {
    rawValue = kinds.reduce(0) { $0 | $1.flag }
  }

  public static let user = NamespaceKinds([NamespaceKind.user])
  public static let cgroup = NamespaceKinds([NamespaceKind.cgroup])
  public static let ipc = NamespaceKinds([NamespaceKind.ipc])
  public static let uts = NamespaceKinds([NamespaceKind.uts])
  public static let net = NamespaceKinds([NamespaceKind.net])
  public static let pid = NamespaceKinds([NamespaceKind.pid])
  public static let time = NamespaceKinds([NamespaceKind.time])
  public static let mount = NamespaceKinds([NamespaceKind.mount])
}
