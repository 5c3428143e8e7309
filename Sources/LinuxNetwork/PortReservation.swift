import CLinux
import Glibc
public import LinuxKernel
public import NetworkAddresses

/// A port of this machine that is kept from others: a socket that is bound to it and takes nothing. ip(7).
public struct PortReservation: ~Copyable, Sendable {
  public enum Transport: Sendable {
    case tcp, udp, sctp
  }

  public let socket: Descriptor
  public let port: UInt16

  /// Takes a port; with 0 any free one.
  ///
  /// Throws: EADDRINUSE when somebody has it, EADDRNOTAVAIL when this machine has no such address, EPROTONOSUPPORT.
  public init(_ transport: Transport, _ address: IPAddress, port: UInt16) throws(SystemError) {
    let object = address.family == .version4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    let family = address.family == .version4 ? AF_INET : AF_INET6
    let (type, number): (__socket_type, Int32) =
      switch transport {
      case .tcp: (SOCK_STREAM, 0)
      case .udp: (SOCK_DGRAM, 0)
      case .sctp: (SOCK_STREAM, 132)
      }
    let socket = Descriptor(
      owning: try systemCall("make socket for", object) {
        Glibc.socket(family, Int32(type.rawValue) | O_CLOEXEC, number)
      })
    if family == AF_INET6 { try Self.set(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1, object) }
    do throws(SystemError) {
      try Self.bind(socket, address, port, object)
    } catch {
      guard error.errno == EADDRINUSE, transport == .tcp else { throw error }
      // Perhaps it is only the end of an old connection, which this passes over. Later comers must not pass over us.
      try Self.set(socket, SOL_SOCKET, SO_REUSEADDR, 1, object)
      try Self.bind(socket, address, port, object)
      try Self.set(socket, SOL_SOCKET, SO_REUSEADDR, 0, object)
    }
    self.port = try Self.port(of: socket)
    self.socket = socket
  }

  /// The port that a socket is bound to. getsockname(2).
  public static func port(of socket: borrowing Descriptor) throws(SystemError) -> UInt16 {
    let descriptor = socket.rawValue
    return UInt16(try systemCall("find port of", "socket") { clinux_inet_port(descriptor) })
  }

  /// Takes connections from now on; they wait for somebody to accept them. listen(2).
  public func listen(backlog: Int32) throws(SystemError) {
    let descriptor = socket.rawValue
    try systemCall("listen on", "port \(port)") { Glibc.listen(descriptor, backlog) }
  }

  /// Gives up the reservation: whoever has the socket keeps the port.
  public consuming func take() -> Descriptor { socket }

  /// Gets a reserved port's socket ready to listen, though ends of old connections are left: to listen, the kernel takes
  /// the port once more. A socket that listens keeps others from the port all the same.
  public static func prepareToListen(_ socket: borrowing Descriptor) throws(SystemError) {
    try set(socket, SOL_SOCKET, SO_REUSEADDR, 1, "reserved port")
  }

  private static func bind(
    _ socket: borrowing Descriptor, _ address: IPAddress, _ port: UInt16, _ object: String
  ) throws(SystemError) {
    let (number, bytes) = (socket.rawValue, address.bytes)
    try systemCall("bind", object) {
      unsafe bytes.withUnsafeBytes { unsafe clinux_inet_bind(number, $0.baseAddress, $0.count, port) }
    }
  }

  private static func set(
    _ socket: borrowing Descriptor, _ level: Int32, _ option: Int32, _ value: Int32, _ object: String
  ) throws(SystemError) {
    var value = value
    let descriptor = socket.rawValue
    try systemCall("set up socket for", object) {
      unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }
}
