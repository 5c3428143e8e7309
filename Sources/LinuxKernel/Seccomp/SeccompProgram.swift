import CLinux
public import ClassicBPF
import Glibc

/// Filters of system calls.
public enum SeccompProgram {
  /// How a filter is loaded.
  public struct Flags: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    /// For all threads of the process.
    public static let synchroniseThreads = Flags(rawValue: 1)
    /// Log all but allowed calls.
    public static let log = Flags(rawValue: 2)
    /// Do not slow the process down against speculative store bypass.
    public static let allowSpeculation = Flags(rawValue: 4)
  }

  /// Filters the calls of this process from here on, for good. Needs no-new-privileges or CAP_SYS_ADMIN.
  ///
  /// Throws: EINVAL when the kernel does not take the program or the flags, E2BIG for more than 65,535 instructions,
  /// ESRCH when another thread has a filter of its own.
  public static func load(_ program: [BPFInstruction], _ flags: Flags = []) throws(SystemError) {
    guard let count = UInt16(exactly: program.count) else {
      throw SystemError(errno: E2BIG, call: "load seccomp filter", object: "\(program.count) instructions")
    }
    let result = try systemCall("load seccomp filter", "\(count) instructions") {
      unsafe program.withUnsafeBytes { unsafe clinux_seccomp_load(flags.rawValue, $0.baseAddress, count) }
    }
    // With TSYNC the number of a thread that could not follow comes back instead of an error.
    if result != 0 { throw SystemError(errno: ESRCH, call: "load seccomp filter", object: "thread \(result)") }
  }
}
