import CLinux
import Diagnostics
import Glibc

/// A system call that failed: which, on what, and why. errno(3).
public struct SystemError: Error, Sendable, Equatable {
  /// The error number, such as ENOENT.
  public let errno: Int32
  /// What was tried, in words a reader knows: "open", "mount overlay".
  public let call: String
  /// What it was tried on: a path, a process; empty when there is nothing to name.
  public let object: String
  /// What the kernel said about it in its own words; empty where it gives but a number.
  public let detail: String

  public init(errno: Int32, call: String, object: String = "", detail: String = "") {
    self.errno = errno
    self.call = call
    self.object = object
    self.detail = detail
  }

  /// The error number in words, in lower case: "no such file or directory".
  public var reason: String {
    let text = unsafe String(cString: clinux_error_text(errno))
    // Words that are a name ("RFS specific error") keep their capitals.
    guard let second = text.dropFirst().first, second.isLowercase || second == " " else { return text }
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

extension SystemError: Classifiable, CustomStringConvertible {
  public var kind: ErrorKind {
    switch errno {
    case ENOENT, ENODEV, ENXIO, ESRCH: .notFound
    case EPERM, EACCES: .forbidden
    case EEXIST, EBUSY, ENOTEMPTY, ETXTBSY: .conflict
    case EINVAL, ENAMETOOLONG, ELOOP, ENOTDIR, EISDIR: .invalid
    case ENOSYS, EOPNOTSUPP: .unsupported
    case ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: .unavailable
    default: .system
    }
  }

  /// "mount overlay at /x: no such file or directory", and the kernel's own words in parentheses.
  public var explanation: String {
    let sentence = object.isEmpty ? "\(call): \(reason)" : "\(call) \(object): \(reason)"
    return detail.isEmpty ? sentence : "\(sentence) (\(detail))"
  }

  public var description: String { explanation }
}
