import CLinux
import Glibc

/// Stream sockets between processes of this machine. unix(7).
public enum UnixSocket {
  /// The longest path that an address holds.
  public static let longestPath = 107

  /// Listens at a path, which must not exist. A path that is too long is bound through its directory's descriptor.
  ///
  /// Throws: EADDRINUSE when something is there, a socket that nobody listens at too.
  public static func listen(
    at path: String, permissions: UInt32 = 0o600, backlog: Int32 = 128, nonblocking: Bool = true
  )
    throws(SystemError) -> Descriptor
  {
    let socket = try make(nonblocking: nonblocking)
    // The socket's file takes its permissions from the umask; until chmod nobody but its owner could connect, and
    // nobody listens yet.
    try withShortPath(path) { (short) throws(SystemError) in
      try systemCall("bind", path) {
        unsafe short.withKernelString { unsafe clinux_unix_bind(socket.rawValue, $0) }
      }
      try HostFiles.setPermissions(short, permissions)
    }
    try systemCall("listen at", path) { Glibc.listen(socket.rawValue, backlog) }
    return socket
  }

  /// Connects to whoever listens at a path, of any length.
  ///
  /// Throws: ENOENT, ECONNREFUSED when nobody listens, EACCES.
  public static func connect(to path: String) throws(SystemError) -> Descriptor {
    let socket = try make(nonblocking: false)
    try withShortPath(path) { (short) throws(SystemError) in
      _ = try systemCall("connect to", path) {
        unsafe short.withKernelString { unsafe clinux_unix_connect(socket.rawValue, $0) }
      }
    }
    return socket
  }

  /// Two connected sockets.
  public static func pair() throws(SystemError) -> SocketPair {
    try SocketPair()
  }

  private static func make(nonblocking: Bool) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try systemCall("make socket") {
        clinux_unix_socket(Int32(SOCK_STREAM.rawValue), nonblocking ? O_NONBLOCK : 0)
      })
  }

  /// Runs `body` with a path that fits: the path itself, or its last component below its directory's descriptor.
  private static func withShortPath(_ path: String, _ body: (String) throws(SystemError) -> Void) throws(SystemError) {
    if path.utf8.count <= longestPath { return try body(path) }
    guard let (directory, name) = path.splitLast else {
      throw SystemError(errno: EINVAL, call: "use socket", object: path)
    }
    let parent = try HostFiles.open(directory, [.pathOnly, .directory])
    try body("\(parent.processPath)/\(name)")
  }
}

/// Two sockets connected with each other. socketpair(2).
///
/// To hand on the ends one by one, consume the fields.
@frozen public struct SocketPair: ~Copyable, Sendable {
  public let first: Descriptor
  public let second: Descriptor

  /// A pair of byte streams, or of packets that keep their bounds.
  public init(packets: Bool = false) throws(SystemError) {
    var ends: [2 of Int32] = [-1, -1]
    let type = Int32((packets ? SOCK_SEQPACKET : SOCK_STREAM).rawValue)
    try systemCall("make socket pair") {
      var span = ends.mutableSpan
      return unsafe span.withUnsafeMutableBufferPointer { unsafe clinux_unix_pair(type, 0, $0.baseAddress) }
    }
    first = Descriptor(owning: ends[0])
    second = Descriptor(owning: ends[1])
  }
}

/// Who is at the other end of a socket, as the kernel saw it when it connected.
public struct PeerCredentials: Sendable, Equatable {
  public let pid: Int32
  public let user: UInt32
  public let group: UInt32
}

extension Descriptor {
  /// The next connection of a listening socket; nil when a non-blocking one has none. accept4(2).
  public func accept(nonblocking: Bool = false) throws(SystemError) -> Descriptor? {
    do {
      return Descriptor(
        owning: try systemCall("accept", place) { clinux_accept(rawValue, nonblocking ? O_NONBLOCK : 0) })
    } catch {
      // A connection that was given up while it waited is none.
      if error.errno == EAGAIN || error.errno == ECONNABORTED { return nil }
      throw error
    }
  }

  /// Who is at the other end. SO_PEERCRED.
  public func peerCredentials() throws(SystemError) -> PeerCredentials {
    var (pid, user, group): (pid_t, uid_t, gid_t) = (0, 0, 0)
    try systemCall("get peer of", place) { unsafe clinux_peer_credentials(rawValue, &pid, &user, &group) }
    return PeerCredentials(pid: pid, user: user, group: group)
  }

  /// Tells the other side that nothing more comes; reading goes on. shutdown(2).
  public func shutdownWriting() throws(SystemError) {
    try systemCall("shut down", place) { shutdown(rawValue, Int32(SHUT_WR)) }
  }
}
