import CLinux
import Glibc

/// An open file descriptor with exactly one owner: it is closed when the owner goes.
///
/// Every descriptor made in this module is close-on-exec.
public struct Descriptor: ~Copyable, Sendable {
  /// The number, for as long as this value lives: to be borrowed, never closed or kept.
  public let rawValue: Int32

  /// Takes over an open descriptor, which nobody else may close.
  public init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  deinit {
    // Linux releases the number even when close(2) fails; a writer who must know calls `close()`.
    _ = Glibc.close(rawValue)
  }

  /// Gives up the descriptor: the caller owns the number from here on.
  public consuming func take() -> Int32 {
    let number = rawValue
    discard self
    return number
  }

  /// Closes the descriptor and says whether the kernel could keep what was written. close(2), which must not be
  /// tried again.
  public consuming func close() throws(SystemError) {
    let number = rawValue
    discard self
    if Glibc.close(number) != 0 && errno != EINTR {
      throw SystemError(errno: errno, call: "close", object: "")
    }
  }

  /// A second descriptor of the same open file, numbered `minimum` or higher.
  public func duplicate(minimum: Int32 = 3) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try systemCall("duplicate descriptor", "\(rawValue)") {
        clinux_fcntl(rawValue, F_DUPFD_CLOEXEC, Int(minimum))
      })
  }

  /// Makes this open file also descriptor `number` of the process, inherited by what it executes. dup2(2).
  public func install(as number: Int32) throws(SystemError) {
    if number == rawValue {
      try setInherited(true)
    } else {
      try systemCall("install descriptor", "\(number)") { clinux_dup3(rawValue, number, 0) }
    }
  }

  /// Whether a program that this process executes keeps the descriptor.
  public func setInherited(_ inherited: Bool) throws(SystemError) {
    try systemCall("set close-on-exec", "\(rawValue)") {
      clinux_fcntl(rawValue, F_SETFD, inherited ? 0 : Int(FD_CLOEXEC))
    }
  }

  /// Whether reads and writes return at once with EAGAIN instead of waiting. The flag belongs to the open file: all
  /// that share it, other processes too, see it.
  public func setNonblocking(_ nonblocking: Bool) throws(SystemError) {
    let flags = try systemCall("read file flags", "\(rawValue)") { clinux_fcntl(rawValue, F_GETFL, 0) }
    let wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
    if wanted == flags { return }
    try systemCall("set file flags", "\(rawValue)") { clinux_fcntl(rawValue, F_SETFL, Int(wanted)) }
  }

  /// The descriptor as a path. proc(5): it leads to the open file itself, not to a name of it.
  public var processPath: String { "/proc/self/fd/\(rawValue)" }

  /// Opens the file itself again, for what a descriptor that is only a place in the tree cannot do. It is found through
  /// `descriptors`, this process's /proc/self/fd held open, or through /proc.
  public func reopened(_ flags: OpenFlags, through descriptors: SharedDescriptor? = nil) throws(SystemError)
    -> Descriptor
  {
    let directory = descriptors?.descriptor.rawValue ?? AT_FDCWD
    let path = descriptors == nil ? processPath : "\(rawValue)"
    return Descriptor(
      owning: try systemCall("open", processPath) {
        unsafe path.withKernelString { unsafe clinux_openat(directory, $0, flags.kernelValue, 0) }
      })
  }

  /// Where it leads now by name, such as "pipe:[123]" or "/tmp/x (deleted)".
  public func target() throws(SystemError) -> String {
    try HostFiles.readLink(processPath)
  }
}

/// A descriptor with many holders, for objects that live long in programs with threads. It is closed when the last
/// holder goes.
public final class SharedDescriptor: Sendable {
  public let descriptor: Descriptor

  public init(_ descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }
}
