/// A part of root's power. capabilities(7).
public struct Capability: Sendable, Hashable, CustomStringConvertible {
  /// Its number: 0 to 40.
  public let number: Int

  /// Every capability without "CAP_", at the index that is its number. linux/capability.h.
  private static let names = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
  ]

  private init(number: Int) {
    self.number = number
  }

  /// Reads "CAP_NET_ADMIN", "NET_ADMIN" or "net_admin"; nil for what is none.
  public init?(_ text: String) {
    var name = text.uppercased()
    if name.hasPrefix("CAP_") { name.removeFirst(4) }
    guard let number = Self.names.firstIndex(of: name) else { return nil }
    self.number = number
  }

  /// Every capability, in the order of their numbers.
  public static let all = names.indices.map { Capability(number: $0) }

  public static let setPrivileges = Capability(number: 8)
  public static let networkAdministration = Capability(number: 12)
  public static let systemAdministration = Capability(number: 21)
  public static let systemResources = Capability(number: 24)

  /// "CAP_NET_ADMIN".
  public var description: String { "CAP_\(Self.names[number])" }
}

/// A set of capabilities, as the kernel keeps it: one bit for each.
public struct CapabilitySet: Sendable, Hashable {
  public let bits: UInt64

  public init(bits: UInt64) {
    self.bits = bits
  }

  public init(_ capabilities: some Sequence<Capability> = []) {
    bits = capabilities.reduce(0) { $0 | 1 << UInt64($1.number) }
  }

  public func contains(_ capability: Capability) -> Bool {
    bits >> UInt64(capability.number) & 1 == 1
  }

  public func intersection(_ other: CapabilitySet) -> CapabilitySet {
    CapabilitySet(bits: bits & other.bits)
  }

  public func subtracting(_ other: CapabilitySet) -> CapabilitySet {
    CapabilitySet(bits: bits & ~other.bits)
  }

  public var isEmpty: Bool { bits == 0 }

  /// Its members that have a name.
  public var capabilities: [Capability] { Capability.all.filter(contains) }
}
