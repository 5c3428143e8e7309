import Glibc

/// Connections to other machines. In a file of its own, since name look-up pulls much of the C library into a static
/// program that uses it.
public enum TCPConnection {
  /// Connects to the first address of a host that answers. getaddrinfo(3), connect(2). Small writes go out at once.
  ///
  /// Throws: ENXIO when the name is not known, else what the last address said.
  public static func connect(host: String, port: UInt16) throws(SystemError) -> Descriptor {
    let object = "\(host):\(port)"
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, "\(port)", &hints, &list) == 0 else {
      throw SystemError(errno: ENXIO, call: "look up", object: host)
    }
    defer { unsafe freeaddrinfo(list) }
    var failure = SystemError(errno: ENXIO, call: "connect to", object: object)
    var next = unsafe list
    while let entry = unsafe next {
      do throws(SystemError) {
        return try unsafe connect(entry.pointee, object)
      } catch {
        failure = error
        unsafe next = entry.pointee.ai_next
      }
    }
    throw failure
  }

  private static func connect(_ address: addrinfo, _ object: String) throws(SystemError) -> Descriptor {
    let type = unsafe address.ai_socktype | O_CLOEXEC
    let connection = Descriptor(
      owning: try systemCall("make socket", object) {
        unsafe socket(address.ai_family, type, address.ai_protocol)
      })
    try systemCall("connect to", object) {
      unsafe Glibc.connect(connection.rawValue, address.ai_addr, address.ai_addrlen)
    }
    var on: Int32 = 1
    try systemCall("set TCP_NODELAY on", object) {
      unsafe setsockopt(
        connection.rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    return connection
  }
}
