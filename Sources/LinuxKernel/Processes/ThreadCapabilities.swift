import CLinux
import Glibc

/// The capability sets of the calling thread. capget(2), prctl(2).
public struct ThreadCapabilities: Sendable, Equatable {
  public var effective: CapabilitySet
  public var permitted: CapabilitySet
  public var inheritable: CapabilitySet

  public init(effective: CapabilitySet, permitted: CapabilitySet, inheritable: CapabilitySet) {
    self.effective = effective
    self.permitted = permitted
    self.inheritable = inheritable
  }

  /// What the thread has now.
  public static func current() throws(SystemError) -> ThreadCapabilities {
    var (effective, permitted, inheritable): (UInt64, UInt64, UInt64) = (0, 0, 0)
    try systemCall("capget") { unsafe clinux_capget(&effective, &permitted, &inheritable) }
    return ThreadCapabilities(
      effective: CapabilitySet(bits: effective), permitted: CapabilitySet(bits: permitted),
      inheritable: CapabilitySet(bits: inheritable))
  }

  /// Makes them the thread's. Throws: EPERM when one is not permitted now.
  public func apply() throws(SystemError) {
    try systemCall("capset") { clinux_capset(effective.bits, permitted.bits, inheritable.bits) }
  }

  /// The bounding set: what no program executed from here on can have.
  public static func bounding() throws(SystemError) -> CapabilitySet {
    let read: Int32 = 23
    var bits: UInt64 = 0
    for number in 0..<64 {
      // EINVAL: beyond the last capability of this kernel.
      guard clinux_prctl(read, UInt(number), 0, 0, 0) >= 0 else { break }
      if clinux_prctl(read, UInt(number), 0, 0, 0) == 1 { bits |= 1 << UInt64(number) }
    }
    return CapabilitySet(bits: bits)
  }

  /// Drops all but `kept` from the bounding set, those without a name too. Needs CAP_SETPCAP.
  public static func limitBounding(to kept: CapabilitySet) throws(SystemError) {
    let drop: Int32 = 24
    for number in 0..<64 where kept.bits >> UInt64(number) & 1 == 0 {
      if clinux_prctl(drop, UInt(number), 0, 0, 0) == 0 { continue }
      // Beyond the last capability of this kernel.
      if errno == EINVAL && number > 0 { return }
      throw SystemError(errno: errno, call: "drop bounding capability", object: "\(number)")
    }
  }

  /// Makes the ambient set: what a program without file capabilities gets. Each must be permitted and inheritable.
  public static func setAmbient(_ set: CapabilitySet) throws(SystemError) {
    let (ambient, raise, clear): (Int32, UInt, UInt) = (47, 2, 4)
    try systemCall("clear ambient capabilities") { clinux_prctl(ambient, clear, 0, 0, 0) }
    for number in 0..<64 where set.bits >> UInt64(number) & 1 == 1 {
      try systemCall("raise ambient capability", "\(number)") { clinux_prctl(ambient, raise, UInt(number), 0, 0) }
    }
  }

  /// The highest capability number that this kernel knows.
  public static func lastOfKernel() throws(SystemError) -> Int {
    let text = try HostFiles.readText("/proc/sys/kernel/cap_last_cap")
    return Int(text.filter(\.isNumber)) ?? Capability.all.count - 1
  }
}
