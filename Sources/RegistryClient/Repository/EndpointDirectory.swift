import AsyncHTTPClient
import Diagnostics
import Logging
import NIOHTTP1
import OCIImageSpec

/// Where a repository is to be had: mirrors first, then the registry itself, each contacted when it is first needed.
actor EndpointDirectory {
  /// A place before it is known whether and how it answers.
  private struct Candidate {
    /// The URLs to try, best first.
    let urls: [RemoteURL]
    let isMirror: Bool
    let credentials: RegistryCredentials
  }

  private let candidates: [Candidate]
  private let client: RegistryClient
  private let transport: HTTPTransport
  private var connected: [Int: RegistryEndpoint] = [:]
  /// The place that last gave what was asked for.
  private var preferred = 0

  /// Where Docker Hub's API is.
  private static let hubHost = "registry-1.docker.io"
  /// How long a registry that may have no TLS is waited for to say so.
  private static let insecureProbeTimeout = Duration.seconds(5)
  private static let pingTimeout = Duration.seconds(60)

  /// Throws: `ClassifiedError` of kind `invalid` when the domain names no host.
  init(
    domain: String, credentials: RegistryCredentials, client: RegistryClient, transport: HTTPTransport
  ) throws {
    self.client = client
    self.transport = transport
    let isHub = domain == ImageReference.defaultDomain
    let host = isHub ? Self.hubHost : domain
    guard let authority = HostPort(host), let secure = RemoteURL("https://\(host)"),
      let plain = RemoteURL("http://\(host)")
    else {
      throw ClassifiedError(.invalid, "invalid registry host \"\(domain)\"")
    }
    let configuration = client.configuration
    let isInsecure = !isHub && configuration.insecure.contains(authority)
    // A mirror is another registry: the user's credentials are not for it.
    candidates =
      (isHub ? configuration.mirrors : []).map { mirror in
        Candidate(urls: [mirror], isMirror: true, credentials: RegistryCredentials())
      } + [Candidate(urls: isInsecure ? [secure, plain] : [secure], isMirror: false, credentials: credentials)]
  }

  /// The places in the order in which they are worth asking.
  var order: [Int] { [preferred] + candidates.indices.filter { $0 != preferred } }

  func prefer(_ index: Int) {
    preferred = index
  }

  func isMirror(_ index: Int) -> Bool { candidates[index].isMirror }

  /// The endpoint of a place, once it has answered.
  ///
  /// Throws: `RegistryFailure`, `CancellationError`.
  func endpoint(at index: Int) async throws -> RegistryEndpoint {
    if let endpoint = connected[index] { return endpoint }
    let candidate = candidates[index]
    let urls = client.ordered(candidate.urls)
    var failure = RegistryFailure(.connection, .unavailable, "there is no registry to ask")
    for url in urls {
      do {
        let isProbe = urls.count > 1 && url.isSecure
        let endpoint = try await ping(url, candidate, timeout: isProbe ? Self.insecureProbeTimeout : Self.pingTimeout)
        connected[index] = endpoint
        client.remember(url)
        return endpoint
      } catch let next as RegistryFailure {
        // A registry that speaks TLS and answers with an error is not to be asked again without TLS.
        if url.isSecure, case .status = next.cause { throw next }
        failure = next
      }
    }
    throw failure
  }

  /// Asks whether a registry is there, and how it wants to be authenticated to (distribution spec, end-1).
  private func ping(_ url: RemoteURL, _ candidate: Candidate, timeout: Duration) async throws -> RegistryEndpoint {
    let endpoint = RegistryEndpoint(
      base: url, isMirror: candidate.isMirror,
      authorizer: Authorizer(
        registry: url, credentials: candidate.credentials, transport: transport,
        trustedHosts: client.configuration.trustedTokenHosts),
      transport: transport)
    let request = HTTPTransport.Request(url: try endpoint.url(of: ""), timeout: timeout)
    try await client.configuration.retries.run {
      let (response, answered) = try await transport.send(request)
      switch response.status {
      case .ok: _ = try? await response.body.collect(upTo: 65_536)
      case .unauthorized:
        _ = try? await response.body.collect(upTo: 65_536)
        // A redirected ping was answered by someone whose challenges say nothing of this registry.
        if answered.hasSameOrigin(as: url) {
          try await endpoint.authorizer.learn(AuthenticationChallenge.parse(response.headers["www-authenticate"]))
        }
      default: throw await RegistryFailure.of(response, to: .GET, answered)
      }
    }
    return endpoint
  }
}
