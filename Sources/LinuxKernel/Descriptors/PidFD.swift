import CLinux
import Glibc

/// One certain process, whatever becomes of its number. pidfd_open(2).
public struct PidFD: ~Copyable, Sendable {
  /// Readable once the process has ended.
  public let descriptor: Descriptor
  /// The process's number when the pidfd was made.
  public let pid: Int32

  /// Throws: ESRCH when there is no such process. The caller knows that the number is still the process it means, as
  /// a parent does, or compares `ProcessEntry.startTime` after this call.
  public init(_ pid: Int32) throws(SystemError) {
    let number: Int32
    do {
      number = try systemCall("open process", "\(pid)") { clinux_pidfd_open(pid, 0) }
    } catch {
      // So kernels before 6.9 call a number that lives on as that of a session or group, whose leader has ended.
      guard error.errno == EINVAL, pid > 0 else { throw error }
      throw SystemError(errno: ESRCH, call: error.call, object: error.object)
    }
    self.init(owning: Descriptor(owning: number), pid: pid)
  }

  /// Takes over a pidfd that a clone made.
  public init(owning descriptor: consuming Descriptor, pid: Int32) {
    self.descriptor = descriptor
    self.pid = pid
  }

  /// Sends a signal. pidfd_send_signal(2). Throws: ESRCH when the process has ended and was waited for.
  public func send(_ signal: Signal) throws(SystemError) {
    try systemCall("send signal", "\(signal) to process \(pid)") {
      clinux_pidfd_send_signal(descriptor.rawValue, signal.rawValue)
    }
  }

  /// Waits until the process has ended, at most `milliseconds` (nil: without end); whether it has. It need not be a
  /// child.
  public func waitForEnd(milliseconds: Int32? = nil) throws(SystemError) -> Bool {
    try !descriptor.poll(.readable, milliseconds: milliseconds).isEmpty
  }

  /// Waits for the child to end and takes its status. waitid(2). Throws: ECHILD for somebody else's child.
  public func wait() throws(SystemError) -> ExitStatus {
    try Children.wait(pidfd: descriptor.rawValue)
  }

  /// A copy of a descriptor of that process. pidfd_getfd(2), which needs the right to trace it.
  public func copyDescriptor(_ number: Int32) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try systemCall("copy descriptor", "\(number) of process \(pid)") {
        clinux_pidfd_getfd(descriptor.rawValue, number)
      })
  }
}
