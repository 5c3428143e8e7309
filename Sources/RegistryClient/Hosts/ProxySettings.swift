import AsyncHTTPClient
import Diagnostics
import NetworkAddresses

/// Through which proxy a registry is reached, by the rules of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
public struct ProxySettings: Sendable, Hashable {
  public var http: String
  public var https: String
  /// Comma-separated: `*`, a domain (with its subdomains), `.domain` (these only), an address or a network,
  /// each with an optional port. Loopback never goes through a proxy.
  public var exceptions: String

  public init(http: String = "", https: String = "", exceptions: String = "") {
    self.http = http
    self.https = https
    self.exceptions = exceptions
  }

  /// From a process's environment; upper-case names come first.
  public init(environment: [String: String]) {
    func value(_ name: String) -> String { environment[name] ?? environment[name.lowercased()] ?? "" }
    self.init(http: value("HTTP_PROXY"), https: value("HTTPS_PROXY"), exceptions: value("NO_PROXY"))
  }

  /// These settings, with what they leave out taken from others.
  public func falling(backOn other: ProxySettings) -> ProxySettings {
    ProxySettings(
      http: http.isEmpty ? other.http : http, https: https.isEmpty ? other.https : https,
      exceptions: exceptions.isEmpty ? other.exceptions : exceptions)
  }

  /// The proxy for a connection, or nil for a direct one.
  ///
  /// Throws: `ClassifiedError` of kind `invalid` or `unsupported` when the setting that applies cannot be followed.
  func proxy(for url: RemoteURL) throws -> HTTPClient.Configuration.Proxy? {
    let setting = url.isSecure ? https : http
    guard !setting.isEmpty, !url.authority.isLoopback, !isException(host: url.authority.host, port: url.port) else {
      return nil
    }
    let address = setting.contains("://") ? setting : "http://" + setting
    guard let proxy = RemoteURL.parts(of: address) else {
      throw ClassifiedError(.invalid, "the proxy setting \(redacted(setting)) is no URL")
    }
    switch proxy.scheme {
    case "http":
      let credentials = proxy.user.map { user in
        HTTPClient.Authorization.basic(username: user, password: proxy.password ?? "")
      }
      return .server(host: proxy.host, port: proxy.port ?? 80, authorization: credentials)
    case "socks5", "socks5h": return .socksServer(host: proxy.host, port: proxy.port ?? 1080)
    default:
      throw ClassifiedError(
        .unsupported, "proxies of type \(proxy.scheme) are not supported", object: redacted(setting),
        advice: "http and socks5 are")
    }
  }

  func isException(host: String, port: Int) -> Bool {
    exceptions.split(separator: ",").contains { entry in
      matches(entry.filter { $0 != " " && $0 != "\t" }.lowercased(), host: host, port: port)
    }
  }

  private func matches(_ entry: String, host: String, port: Int) -> Bool {
    if entry.isEmpty { return false }
    if entry == "*" { return true }
    if let network = IPPrefix(entry) {
      return HostPort(host: host, port: nil).address.map { network.contains($0) } ?? false
    }
    guard let pattern = HostPort(entry) else { return false }
    guard pattern.port == nil || pattern.port == port else { return false }
    if let address = pattern.address { return HostPort(host: host, port: nil).address == address }
    var name = pattern.host
    if name.hasPrefix("*.") { name.removeFirst() }
    return name.hasPrefix(".") ? host.hasSuffix(name) : host == name || host.hasSuffix("." + name)
  }

  /// The setting without the password in it, for messages.
  private func redacted(_ setting: String) -> String {
    guard let at = setting.lastIndex(of: "@") else { return "\"\(setting)\"" }
    let scheme = setting.range(of: "://").map { String(setting[..<$0.upperBound]) } ?? ""
    return "\"\(scheme)…\(setting[at...])\""
  }
}

extension String {
  fileprivate func range(of part: String) -> Range<String.Index>? { firstRange(of: part) }
}
