import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension RegistryFailure {
  /// What an error of the HTTP client means, in the words that Docker's users know.
  static func of(_ error: any Error, reaching url: RemoteURL) -> RegistryFailure {
    switch error {
    case let failure as RegistryFailure: failure
    case let error as NIOConnectionError: connecting(error, url)
    case let error as HTTPClientError: client(error, url)
    case let error as NIOSSLError: tls(String(describing: error), url)
    case let error as NIOSSLExtraError: tls(String(describing: error), url)
    case let error as BoringSSLError: tls(String(describing: error), url)
    case let error as ChannelError: channel(error, url)
    case let error as IOError where error.errnoCode == ECONNREFUSED:
      refused(host: url.authority.host, address: nil, port: url.port)
    case let error as IOError:
      RegistryFailure(.interruption, .unavailable, name(ofErrno: error.errnoCode))
    case HTTPParserError.invalidEOFState: RegistryFailure(.interruption, .unavailable, "unexpected EOF")
    default: RegistryFailure(.interruption, .unavailable, "the connection broke off: \(error)")
    }
  }

  private static func connecting(_ error: NIOConnectionError, _ url: RemoteURL) -> RegistryFailure {
    if error.connectionErrors.isEmpty, error.dnsAError != nil || error.dnsAAAAError != nil {
      return RegistryFailure(
        .connection, .unavailable, "dial tcp: lookup \(error.host): no such host",
        advice: "check the registry's name and this machine's name server")
    }
    guard let first = error.connectionErrors.first else {
      return RegistryFailure(.connection, .unavailable, "dial tcp \(error.host):\(error.port): cannot be reached")
    }
    let address = first.target.ipAddress
    switch first.error {
    case let cause as IOError where cause.errnoCode == ECONNREFUSED:
      return refused(host: error.host, address: address, port: error.port)
    case let cause as IOError:
      return RegistryFailure(
        .connection, .unavailable,
        "dial tcp \(dialed(address ?? error.host, error.port)): connect: \(name(ofErrno: cause.errnoCode))")
    default:
      return RegistryFailure(
        .connection, .unavailable, "dial tcp \(dialed(address ?? error.host, error.port)): i/o timeout",
        advice: "check the network, and the proxy if there is one")
    }
  }

  private static func refused(host: String, address: String?, port: Int) -> RegistryFailure {
    RegistryFailure(
      .connection, .unavailable, "dial tcp \(dialed(address ?? host, port)): connect: connection refused",
      advice: "is the registry running, and is the port right?")
  }

  private static func channel(_ error: ChannelError, _ url: RemoteURL) -> RegistryFailure {
    if case .connectTimeout = error {
      return RegistryFailure(
        .connection, .unavailable, "dial tcp \(dialed(url.authority.host, url.port)): i/o timeout",
        advice: "check the network, and the proxy if there is one")
    }
    return RegistryFailure(.interruption, .unavailable, "unexpected EOF")
  }

  private static func client(_ error: HTTPClientError, _ url: RemoteURL) -> RegistryFailure {
    switch error {
    case .connectTimeout:
      RegistryFailure(
        .connection, .unavailable, "dial tcp \(dialed(url.authority.host, url.port)): i/o timeout",
        advice: "check the network, and the proxy if there is one")
    case .tlsHandshakeTimeout: RegistryFailure(.connection, .unavailable, "net/http: TLS handshake timeout")
    case .readTimeout, .writeTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout:
      RegistryFailure(.interruption, .unavailable, "the registry stopped answering (i/o timeout)")
    case .remoteConnectionClosed: RegistryFailure(.interruption, .unavailable, "unexpected EOF")
    case .proxyAuthenticationRequired:
      RegistryFailure(
        .connection, .unavailable, "Proxy Authentication Required",
        advice: "put name and password into the proxy's URL: http://name:password@host:port")
    case .invalidProxyResponse, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
      RegistryFailure(.connection, .unavailable, "the proxy refused the connection", advice: "check the proxy settings")
    default: RegistryFailure(.connection, .system, String(describing: error))
    }
  }

  /// BoringSSL's reasons come as text; the few that users meet get the words they can look up.
  private static func tls(_ reason: String, _ url: RemoteURL) -> RegistryFailure {
    let authority = url.authority.port.map { "\(url.authority.host):\($0)" } ?? url.authority.host
    if reason.contains("WRONG_VERSION_NUMBER") || reason.contains("HTTP_REQUEST") {
      return RegistryFailure(
        .connection, .unavailable, "http: server gave HTTP response to HTTPS client",
        advice: "if the registry has no TLS, name \(authority) in insecure-registries")
    }
    if reason.contains("CERTIFICATE_VERIFY_FAILED") || reason.contains("unableToValidateCertificate") {
      return RegistryFailure(
        .connection, .unavailable,
        "tls: failed to verify certificate: x509: certificate signed by unknown authority, expired or not yet valid",
        advice: "put the authority's certificate into /etc/apus/certs.d/\(authority)/ca.crt")
    }
    if reason.contains("failedToValidateHostname") {
      return RegistryFailure(
        .connection, .unavailable,
        "tls: failed to verify certificate: x509: certificate is not valid for \(url.authority.host)")
    }
    if reason.contains("uncleanShutdown") {
      return RegistryFailure(.interruption, .unavailable, "unexpected EOF")
    }
    return RegistryFailure(.connection, .unavailable, "tls: handshake failed: \(reason.prefix(200))")
  }

  private static func dialed(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  private static func name(ofErrno number: CInt) -> String {
    switch number {
    case ECONNRESET: "connection reset by peer"
    case EPIPE: "broken pipe"
    case ETIMEDOUT: "connection timed out"
    case EHOSTUNREACH: "no route to host"
    case ENETUNREACH: "network is unreachable"
    default: "errno \(number)"
    }
  }
}
