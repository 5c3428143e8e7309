import FoundationEssentials

/// An absolute `http` or `https` URL with a host.
struct RemoteURL: Hashable, Sendable, CustomStringConvertible {
  let text: String
  let isSecure: Bool
  let authority: HostPort
  private let url: URL

  init?(_ text: String) {
    guard let url = URL(string: text) else { return nil }
    self.init(url)
  }

  private init?(_ url: URL) {
    guard let parts = Self.parts(of: url), parts.scheme == "http" || parts.scheme == "https" else { return nil }
    self.url = url
    text = url.absoluteString
    isSecure = parts.scheme == "https"
    authority = HostPort(host: parts.host, port: parts.port)
  }

  var description: String { text }

  /// For messages: a query may carry a signature that is as good as a password.
  var withoutQuery: String { String(text.prefix { $0 != "?" }) }

  var port: Int { authority.port ?? (isSecure ? 443 : 80) }

  /// What a `Location` header means, seen from here.
  func resolving(_ location: String) -> RemoteURL? {
    URL(string: location, relativeTo: url).flatMap { RemoteURL($0.absoluteURL) }
  }

  /// This URL with more at the end of its path.
  func appending(_ path: String) -> RemoteURL? {
    RemoteURL((text.hasSuffix("/") ? String(text.dropLast()) : text) + path)
  }

  /// This URL with more at the end of its query.
  func adding(query items: [(String, String)]) -> RemoteURL? {
    if items.isEmpty { return self }
    return RemoteURL(text + (text.contains("?") ? "&" : "?") + Self.form(items))
  }

  /// Whether both are the same server, so that what is secret to one is not to the other.
  func hasSameOrigin(as other: RemoteURL) -> Bool {
    isSecure == other.isSecure && authority.host == other.authority.host && port == other.port
  }

  struct Parts {
    let scheme: String
    let host: String
    let port: Int?
    let user: String?
    let password: String?
  }

  static func parts(of text: String) -> Parts? { URL(string: text).flatMap(parts) }

  private static func parts(of url: URL) -> Parts? {
    guard let scheme = url.scheme?.lowercased(), var host = url.host(), !host.isEmpty else { return nil }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return Parts(
      scheme: scheme, host: host, port: url.port, user: url.user(percentEncoded: false),
      password: url.password(percentEncoded: false))
  }

  /// `a=b&c=d` with everything escaped that is not unreserved (RFC 3986, section 2.3).
  static func form(_ items: [(String, String)]) -> String {
    items.map { "\(escaped($0))=\(escaped($1))" }.joined(separator: "&")
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}
