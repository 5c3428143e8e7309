import CLinux
import Glibc

/// A limit that the kernel keeps for each process. getrlimit(2).
public struct ResourceLimit: Sendable, Hashable, CustomStringConvertible {
  /// Its number: 0 to 15.
  public let number: Int32

  /// Every limit without "RLIMIT_", at the index that is its number. asm-generic/resource.h.
  private static let names = [
    "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING",
    "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
  ]

  private init(number: Int32) {
    self.number = number
  }

  /// Reads "RLIMIT_NOFILE" or "nofile"; nil for what is none.
  public init?(_ text: String) {
    var name = text.uppercased()
    if name.hasPrefix("RLIMIT_") { name.removeFirst(7) }
    guard let number = Self.names.firstIndex(of: name) else { return nil }
    self.number = Int32(number)
  }

  public static let all = names.indices.map { ResourceLimit(number: Int32($0)) }
  public static let openFiles = ResourceLimit(number: 7)

  /// "RLIMIT_NOFILE".
  public var description: String { "RLIMIT_\(Self.names[Int(number)])" }

  /// No limit.
  public static let infinity = UInt64.max

  /// The two values of a limit; `infinity` for none.
  public struct Values: Sendable, Equatable {
    public let soft: UInt64
    public let hard: UInt64

    public init(soft: UInt64, hard: UInt64) {
      self.soft = soft
      self.hard = hard
    }
  }

  /// The values of a process (0: this one). prlimit(2).
  public func get(pid: Int32 = 0) throws(SystemError) -> Values {
    var (soft, hard): (UInt64, UInt64) = (0, 0)
    try systemCall("get limit", description) { unsafe clinux_prlimit(pid, number, 0, &soft, &hard) }
    return Values(soft: soft, hard: hard)
  }

  /// Sets the values of a process (0: this one). prlimit(2).
  ///
  /// Throws: EPERM for a hard limit above the present one without CAP_SYS_RESOURCE, EINVAL for soft above hard.
  public func set(_ values: Values, pid: Int32 = 0) throws(SystemError) {
    var (soft, hard) = (values.soft, values.hard)
    try systemCall("set limit", "\(self) to \(soft):\(hard)") {
      unsafe clinux_prlimit(pid, number, 1, &soft, &hard)
    }
  }
}
