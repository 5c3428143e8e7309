import CLinux
import Glibc

/// Waits on many descriptors at once. epoll(7), level-triggered.
public struct Epoll: ~Copyable, Sendable {
  /// What can happen, and what happened. `hangUp` and `failure` are always reported.
  public struct Events: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    public static let readable = Events(rawValue: 0x001)
    /// A control file of the kernel has changed, such as a cgroup's events.
    public static let priority = Events(rawValue: 0x002)
    public static let writable = Events(rawValue: 0x004)
    public static let failure = Events(rawValue: 0x008)
    public static let hangUp = Events(rawValue: 0x010)
    /// The other side has ended its direction.
    public static let readHangUp = Events(rawValue: 0x2000)
  }

  /// One descriptor that is ready.
  public struct Ready: Sendable {
    /// What the caller gave when the descriptor was added.
    public let token: UInt64
    public let events: Events
  }

  public let descriptor: Descriptor

  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try systemCall("make epoll") { clinux_epoll_create() })
  }

  /// Watches a descriptor; `token` names it in `wait`. A descriptor that is closed is no longer watched.
  public func add(_ watched: borrowing Descriptor, _ events: Events, token: UInt64) throws(SystemError) {
    try control(EPOLL.add, watched.rawValue, events, token)
  }

  /// Changes what is waited for. With no events only hang-ups are reported.
  public func change(_ watched: borrowing Descriptor, _ events: Events, token: UInt64) throws(SystemError) {
    try control(EPOLL.change, watched.rawValue, events, token)
  }

  /// Watches the descriptor no longer.
  public func remove(_ watched: borrowing Descriptor) throws(SystemError) {
    try control(EPOLL.remove, watched.rawValue, [], 0)
  }

  /// Waits until something is ready, at most `milliseconds` (nil: without end). Empty when the time has passed.
  public func wait(milliseconds: Int32? = nil) throws(SystemError) -> [Ready] {
    let capacity = 64
    var events = [clinux_epoll_event](repeating: clinux_epoll_event(events: 0, token: 0), count: capacity)
    let count = try systemCall("epoll_wait") {
      unsafe events.withUnsafeMutableBufferPointer {
        unsafe clinux_epoll_wait(descriptor.rawValue, $0.baseAddress, Int32($0.count), milliseconds ?? -1)
      }
    }
    return events[..<Int(count)].map { Ready(token: $0.token, events: Events(rawValue: $0.events)) }
  }

  /// EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD.
  private enum EPOLL {
    static let (add, remove, change): (Int32, Int32, Int32) = (1, 2, 3)
  }

  private func control(_ operation: Int32, _ watched: Int32, _ events: Events, _ token: UInt64) throws(SystemError) {
    try systemCall("watch", "descriptor \(watched)") {
      clinux_epoll_control(descriptor.rawValue, operation, watched, events.rawValue, token)
    }
  }
}

extension Descriptor {
  /// Waits until one of `events` has happened here, at most `milliseconds` (nil: without end). Empty when the time has
  /// passed. poll(2).
  public func poll(_ events: Epoll.Events, milliseconds: Int32? = nil) throws(SystemError) -> Epoll.Events {
    // The values of poll(2) and epoll(7) are the same for the events that we know.
    var entry = pollfd(fd: rawValue, events: Int16(events.rawValue), revents: 0)
    let count = try systemCall("poll", place) { unsafe Glibc.poll(&entry, 1, milliseconds ?? -1) }
    return count == 0 ? [] : Epoll.Events(rawValue: UInt32(UInt16(bitPattern: entry.revents)))
  }
}
