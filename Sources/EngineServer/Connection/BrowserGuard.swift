import Diagnostics
import NIOCore
import NIOHTTP1

/// Keeps web pages away from a TCP listener: a page can make its reader's browser send requests to loopback, and by
/// rebinding a name of its own to 127.0.0.1 even read the answers.
enum BrowserGuard {
  /// Why a request does not come from a client of ours, or nil.
  static func refusal(of headers: HTTPHeaders) -> ClassifiedError? {
    for name in ["origin", "sec-fetch-site"] where headers.contains(name: name) {
      return ClassifiedError(.forbidden, "requests from web pages are not accepted", object: "header \(name)")
    }
    return nil
  }

  /// The guard of a listener on loopback knows the names by which it can be reached.
  static func refusal(ofLoopback headers: HTTPHeaders) -> ClassifiedError? {
    if let refusal = refusal(of: headers) { return refusal }
    guard let host = headers.first(name: "host"), !isLocal(host) else { return nil }
    return ClassifiedError(
      .forbidden, "requests for this host name are not accepted", object: host, advice: "use localhost or an address")
  }

  /// Whether a `Host` header holds an address, or the one name that nobody else can point elsewhere.
  private static func isLocal(_ host: String) -> Bool {
    if host.hasPrefix("[") { return true }
    let name = host.prefix { $0 != ":" }.lowercased()
    return name.isEmpty || name == "localhost" || (try? SocketAddress(ipAddress: name, port: 0)) != nil
  }
}
