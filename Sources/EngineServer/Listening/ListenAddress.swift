import Diagnostics

/// Where a server listens, as `-H` gives it.
public enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
  case unix(path: String)
  case tcp(host: String, port: Int)

  /// Docker's port for the API without TLS.
  public static let defaultPort = 2375

  /// Reads `unix://PATH`, `tcp://[HOST][:PORT]` or a bare `HOST:PORT`.
  ///
  /// Throws: kind `invalid` for what is none of these, kind `unsupported` for `fd://` and others of Docker's.
  public init(_ text: String, defaultSocket: String) throws {
    if text.hasPrefix("unix://") {
      let path = String(text.dropFirst("unix://".count))
      guard path.isEmpty || path.hasPrefix("/") else {
        throw ClassifiedError(.invalid, "the socket's path is not absolute", object: text)
      }
      self = .unix(path: path.isEmpty ? defaultSocket : path)
      return
    }
    if let scheme = text.firstRange(of: "://"), !text.hasPrefix("tcp://") {
      let name = text[..<scheme.lowerBound]
      throw ["fd", "npipe", "ssh", "https", "vsock"].contains(name)
        ? ClassifiedError(.unsupported, "listening on \(name):// is not supported", object: text)
        : ClassifiedError(.invalid, "unknown protocol \(name)", object: text, advice: "use unix:// or tcp://")
    }
    let place = text.hasPrefix("tcp://") ? text.dropFirst("tcp://".count) : text[...]
    self = try ListenAddress.tcp(place: place, text: text)
  }

  private static func tcp(place: Substring, text: String) throws -> ListenAddress {
    var host = place
    var port = defaultPort
    let colon = place.lastIndex(of: ":")
    // Within brackets, colons belong to an IPv6 address.
    if let colon, place[colon...].firstIndex(of: "]") == nil {
      guard let number = UInt16(place[place.index(after: colon)...]) else {
        throw ClassifiedError(.invalid, "not a port number: \(place[place.index(after: colon)...])", object: text)
      }
      port = Int(number)
      host = place[..<colon]
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return .tcp(host: host.isEmpty ? "localhost" : String(host), port: port)
  }

  /// Whether only this machine can reach it.
  public var isLocal: Bool {
    switch self {
    case .unix: true
    case .tcp(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
  }

  public var description: String {
    switch self {
    case .unix(let path): "unix://\(path)"
    case .tcp(let host, let port): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
    }
  }
}
