import CLinux
import Glibc

/// Changes of files and directories as something to read. inotify(7).
public struct Inotify: ~Copyable, Sendable {
  public struct Events: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    public static let modified = Events(rawValue: 0x002)
    public static let closedAfterWriting = Events(rawValue: 0x008)
    public static let movedFrom = Events(rawValue: 0x040)
    public static let movedTo = Events(rawValue: 0x080)
    public static let created = Events(rawValue: 0x100)
    public static let deleted = Events(rawValue: 0x200)
    /// The watched file itself was deleted.
    public static let selfDeleted = Events(rawValue: 0x400)
    /// The watched file itself was renamed.
    public static let selfMoved = Events(rawValue: 0x800)
    /// Reported alone: the kernel had to drop events, so look at everything again.
    public static let overflow = Events(rawValue: 0x4000)
    /// Reported alone: the watch has ended.
    public static let ended = Events(rawValue: 0x8000)
  }

  /// One change.
  public struct Change: Sendable {
    /// What `watch` returned.
    public let watch: Int32
    public let events: Events
    /// The name in a watched directory; empty for a watched file.
    public let name: RawPath
  }

  /// To be watched for reading; it is non-blocking.
  public let descriptor: Descriptor

  public init() throws(SystemError) {
    descriptor = Descriptor(
      owning: try systemCall("make inotify") { clinux_inotify_create(O_NONBLOCK | O_CLOEXEC) })
  }

  /// Watches a file or a directory; the number names it in `Change`.
  public func watch(_ path: some KernelPath, _ events: Events) throws(SystemError) -> Int32 {
    try systemCall("watch", path.description) {
      unsafe path.withKernelString { unsafe clinux_inotify_add(descriptor.rawValue, $0, events.rawValue) }
    }
  }

  /// Ends a watch.
  public func unwatch(_ watch: Int32) throws(SystemError) {
    try systemCall("unwatch", "\(watch)") { clinux_inotify_remove(descriptor.rawValue, watch) }
  }

  /// The changes so far; empty when there are none.
  public func changes() throws(SystemError) -> [Change] {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    guard case .bytes(let count) = try descriptor.tryRead(into: &buffer) else { return [] }
    buffer.removeSubrange(count...)
    return Self.changes(in: buffer)
  }

  /// The changes in what was read from `descriptor` by other means; a read gives whole ones only.
  public static func changes(in bytes: [UInt8]) -> [Change] {
    // struct inotify_event: watch, mask, cookie and length of the name, 4 bytes each; then the name, filled with NULs.
    func number(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
    var (changes, start): ([Change], Int) = ([], 0)
    while start + 16 <= bytes.count {
      let end = min(start + 16 + Int(number(start + 12)), bytes.count)
      changes.append(
        Change(
          watch: Int32(bitPattern: number(start)), events: Events(rawValue: number(start + 4)),
          name: RawPath(bytes[(start + 16)..<end].prefix { $0 != 0 })))
      start = end
    }
    return changes
  }
}
