import CLinux
import Glibc

/// What a service tells its supervisor. sd_notify(3): a datagram to the socket that `NOTIFY_SOCKET` names.
public enum ServiceNotification: String, Sendable {
  case ready = "READY=1"
  case reloading = "RELOADING=1"
  case stopping = "STOPPING=1"

  /// Sends it to the socket at `path`.
  ///
  /// Throws: ENOENT, ECONNREFUSED when no supervisor is there; an abstract name (`@…`) counts as a path.
  public func send(to path: String) throws(SystemError) {
    let socket = Descriptor(
      owning: try systemCall("make socket") { clinux_unix_socket(Int32(SOCK_DGRAM.rawValue), 0) })
    try systemCall("connect to", path) {
      unsafe path.withKernelString { unsafe clinux_unix_connect(socket.rawValue, $0) }
    }
    try socket.writeAll(Array(rawValue.utf8))
  }
}
