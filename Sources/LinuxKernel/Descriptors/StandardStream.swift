import CLinux
import Glibc

/// The descriptors that a program starts with: 0 input, 1 output, 2 errors.
public enum StandardStream {
  /// A descriptor of one's own for the open file behind a standard stream. Throws: EBADF when it is closed.
  public static func duplicate(_ number: Int32) throws(SystemError) -> Descriptor {
    let first = 3
    return Descriptor(
      owning: try systemCall("duplicate standard stream", "\(number)") {
        clinux_fcntl(number, F_DUPFD_CLOEXEC, first)
      })
  }
}
