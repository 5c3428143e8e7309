import CLinux
import Glibc

/// Signals as something to read: block them first with `SignalSet.block`. signalfd(2).
public struct SignalSource: ~Copyable, Sendable {
  /// To be watched for reading; it is non-blocking.
  public let descriptor: Descriptor

  public init(_ signals: SignalSet) throws(SystemError) {
    var set = signals.kernelValue
    descriptor = Descriptor(owning: try systemCall("make signalfd") { unsafe clinux_signalfd(-1, &set) })
  }

  /// The next pending signal and the process that sent it (0: the kernel; -1: one outside of this pid namespace), or
  /// nil when there is none.
  public func next() throws(SystemError) -> (signal: Signal, sender: Int32)? {
    var (number, sender): (Int32, Int32) = (0, 0)
    let count = try systemCall("read signalfd") {
      unsafe clinux_signalfd_read(descriptor.rawValue, &number, &sender)
    }
    guard count == 1, let signal = Signal(rawValue: number) else { return nil }
    return (signal, sender)
  }
}

/// A timer as something to read. timerfd_create(2), CLOCK_MONOTONIC.
public struct TimerSource: ~Copyable, Sendable {
  /// Readable once the time has come, until `acknowledge`.
  public let descriptor: Descriptor

  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try systemCall("make timerfd") { clinux_timerfd_create() })
  }

  /// Fires once after so many nanoseconds, at least 1.
  public func arm(after nanoseconds: UInt64) throws(SystemError) {
    try systemCall("arm timer") { clinux_timerfd_set(descriptor.rawValue, max(nanoseconds, 1), 0) }
  }

  /// Does not fire.
  public func disarm() throws(SystemError) {
    try systemCall("disarm timer") { clinux_timerfd_set(descriptor.rawValue, 0, 0) }
  }

  /// Takes note of what fired; whether anything had.
  @discardableResult
  public func acknowledge() throws(SystemError) -> Bool {
    var count = [UInt8](repeating: 0, count: 8)
    return try descriptor.tryRead(into: &count) == .bytes(8)
  }
}

/// A wake-up between threads or processes. eventfd(2).
public struct EventSource: ~Copyable, Sendable {
  /// Readable after `signal`, until `acknowledge`; non-blocking.
  public let descriptor: Descriptor

  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try systemCall("make eventfd") { clinux_eventfd(0, O_NONBLOCK) })
  }

  /// Takes over an eventfd that was made elsewhere, such as for `cgroup.event_control`.
  public init(owning descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// Wakes whoever waits.
  public func signal() throws(SystemError) {
    try descriptor.writeAll([1, 0, 0, 0, 0, 0, 0, 0])
  }

  /// Takes note of all signals so far; whether there were any.
  @discardableResult
  public func acknowledge() throws(SystemError) -> Bool {
    var count = [UInt8](repeating: 0, count: 8)
    return try descriptor.tryRead(into: &count) == .bytes(8)
  }
}
