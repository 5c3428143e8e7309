import Diagnostics

/// Which registries are spoken to how: the `registry-mirrors`, `insecure-registries`, `trusted-token-hosts`, `proxies`
/// and `max-concurrent-downloads` of the server's configuration.
public struct RegistryConfiguration: Sendable {
  let mirrors: [RemoteURL]
  let insecure: InsecureRegistries
  public var proxies: ProxySettings
  /// Searched for `<host[:port]>/ca.crt` and client certificates.
  public var certificateDirectories = ["/etc/apus/certs.d", "/etc/docker/certs.d"]
  /// Blobs fetched at the same time, over all pulls.
  public var maximumDownloads = 3
  public var retries = RetryPolicy()
  public var connectTimeout: Duration = .seconds(30)
  /// How long a transfer may stand still before it is begun anew where it stopped.
  public var stallTimeout: Duration = .seconds(60)
  /// Hosts that may be given the credentials of a registry of another domain when it sends clients there for tokens.
  let trustedTokenHosts: Set<String>
  public var userAgent = "apus"

  /// - Parameters:
  ///   - mirrors: URLs of mirrors of Docker Hub, in order of preference.
  ///   - insecureRegistries: `host`, `host:port` or networks; loopback is always insecure.
  ///   - trustedTokenHosts: hosts, without ports.
  ///
  /// Throws: `ClassifiedError` of kind `invalid` that names the entry at fault.
  public init(
    mirrors: [String] = [], insecureRegistries: [String] = [], trustedTokenHosts: [String] = [],
    proxies: ProxySettings = ProxySettings()
  ) throws {
    self.mirrors = try mirrors.map(Self.mirror)
    self.insecure = try InsecureRegistries(insecureRegistries)
    self.trustedTokenHosts = Set(try trustedTokenHosts.map(Self.tokenHost))
    self.proxies = proxies
  }

  private static func tokenHost(_ text: String) throws -> String {
    guard let host = HostPort(text), host.port == nil, !text.contains("/") else {
      throw ClassifiedError(.invalid, "trusted token host \"\(text)\" is not valid", advice: "write the host alone")
    }
    return host.host
  }

  private static func mirror(_ text: String) throws -> RemoteURL {
    guard let parts = RemoteURL.parts(of: text), let url = RemoteURL(text) else {
      throw ClassifiedError(
        .invalid, "invalid mirror: \"\(text)\" is not a valid URI", advice: "write it as https://host[:port]")
    }
    guard parts.user == nil else {
      throw ClassifiedError(.invalid, "invalid mirror: username/password not allowed in URI \"\(text)\"")
    }
    guard !text.contains("?"), !text.contains("#") else {
      throw ClassifiedError(.invalid, "invalid mirror: query or fragment not allowed in URI \"\(text)\"")
    }
    return url
  }
}
