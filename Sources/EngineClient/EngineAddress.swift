public import Diagnostics

/// Where a server listens.
public enum EngineAddress: Sendable, Equatable, CustomStringConvertible {
  /// A unix socket by its path.
  case unix(path: String)
  case tcp(host: String, port: UInt16)

  /// Where `apusd` listens when nobody says otherwise.
  public static let standard = EngineAddress.unix(path: "/run/apus/apus.sock")

  /// Reads an address as `--host` and `DOCKER_HOST` give it: `unix:///path`, `tcp://host[:port]`.
  ///
  /// Throws: kind `unsupported` for transports that are not there, `invalid` for anything else that is no address.
  public init(_ text: String) throws(ClassifiedError) {
    guard let (scheme, rest) = text.cut(at: "://") else {
      throw ClassifiedError(
        .invalid, "invalid address for the server", object: text, advice: "write unix:///path or tcp://host:port")
    }
    switch scheme {
    case "unix":
      guard rest.hasPrefix("/") else {
        throw ClassifiedError(.invalid, "the path of a unix socket must start with /", object: text)
      }
      self = .unix(path: rest)
    case "tcp", "http":
      self = try EngineAddress.tcp(rest, text: text)
    default:
      throw ClassifiedError(
        .unsupported, "cannot reach a server over \(scheme)", object: text,
        advice: "use unix:///path or tcp://host:port")
    }
  }

  private static func tcp(_ rest: String, text: String) throws(ClassifiedError) -> EngineAddress {
    var authority = rest[...]
    if authority.hasSuffix("/") { authority.removeLast() }
    var host = authority
    var port: UInt16? = 2375
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      host = authority[..<colon]
      port = UInt16(authority[authority.index(after: colon)...])
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard let port, !host.contains("/") else {
      throw ClassifiedError(.invalid, "invalid address for the server", object: text, advice: "write tcp://host:port")
    }
    return .tcp(host: host.isEmpty ? "127.0.0.1" : String(host), port: port)
  }

  public var description: String {
    switch self {
    case .unix(let path): "unix://\(path)"
    case .tcp(let host, let port): "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
  }
}

extension String {
  /// The parts before and after the first `separator`.
  func cut(at separator: String) -> (before: String, after: String)? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(separator) {
        return (String(self[..<start]), String(self[start...].dropFirst(separator.count)))
      }
      start = index(after: start)
    }
    return nil
  }
}
