import CLinux
import Glibc

/// How a process ended. wait(2).
public enum ExitStatus: Sendable, Equatable {
  case exited(Int32)
  case signalled(Signal)

  /// What a shell makes of it: the code, or 128 and the signal's number.
  public var shellCode: Int32 {
    switch self {
    case .exited(let code): code
    case .signalled(let signal): 128 + signal.rawValue
    }
  }

  /// From si_code and si_status of waitid(2).
  init?(code: Int32, status: Int32) {
    let exited: Int32 = 1  // CLD_EXITED; CLD_KILLED is 2, CLD_DUMPED 3
    if code == exited {
      self = .exited(status)
    } else if let signal = Signal(rawValue: status) {
      self = .signalled(signal)
    } else {
      return nil
    }
  }
}

/// Waiting for children. waitid(2).
public enum Children {
  /// P_ALL, P_PID, P_PIDFD.
  private static let (all, process, pidfd): (Int32, Int32, Int32) = (0, 1, 3)
  private static let exited: Int32 = 4  // WEXITED
  private static let atOnce: Int32 = 1  // WNOHANG
  private static let keep: Int32 = 0x0100_0000  // WNOWAIT

  /// Waits for one child to end and takes its status. Throws: ECHILD.
  public static func wait(for pid: Int32) throws(SystemError) -> ExitStatus {
    while true {
      if let ended = try wait(process, pid, exited, object: "process \(pid)") { return ended.status }
    }
  }

  /// Takes the status of any child that has ended; nil when none has, or there is none.
  public static func reapAny() throws(SystemError) -> (pid: Int32, status: ExitStatus)? {
    do {
      return try wait(all, 0, exited | atOnce, object: "any child")
    } catch {
      if error.errno == ECHILD { return nil }
      throw error
    }
  }

  /// Takes the status of one child; nil while it runs. Throws: ECHILD.
  public static func reap(_ pid: Int32) throws(SystemError) -> ExitStatus? {
    try wait(process, pid, exited | atOnce, object: "process \(pid)")?.status
  }

  /// Waits for the child behind a pidfd.
  static func wait(pidfd number: Int32) throws(SystemError) -> ExitStatus {
    while true {
      if let ended = try wait(pidfd, number, exited, object: "process") { return ended.status }
    }
  }

  /// Whether a child has ended whose status has not been taken; leaves it there.
  public static func hasEnded(_ pid: Int32) throws(SystemError) -> Bool {
    try wait(process, pid, exited | atOnce | keep, object: "process \(pid)") != nil
  }

  private static func wait(_ kind: Int32, _ id: Int32, _ options: Int32, object: String)
    throws(SystemError) -> (pid: Int32, status: ExitStatus)?
  {
    var (pid, code, status): (pid_t, Int32, Int32) = (0, 0, 0)
    try systemCall("wait for", object) { unsafe clinux_waitid(kind, id, options, &pid, &code, &status) }
    guard pid != 0, let end = ExitStatus(code: code, status: status) else { return nil }
    return (pid, end)
  }
}
