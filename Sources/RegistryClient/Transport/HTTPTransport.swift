import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import NIOSSL
import NetworkAddresses
import Synchronization

/// The connections of one pull. They live as long as the pull does, so that an idle server holds none.
final class HTTPTransport: Sendable {
  /// One request, before it is known who will answer it.
  struct Request: Sendable {
    var method: HTTPMethod = .GET
    var url: RemoteURL
    var headers = HTTPHeaders()
    var body: String?
    /// By when the whole answer must be there; nil for transfers, which only must not stand still.
    var timeout: Duration?
  }

  private let configuration: RegistryConfiguration
  private let group: any EventLoopGroup
  /// A client has one proxy for all its connections, so there is one for each proxy in use.
  private let clients = Mutex<[HTTPClient.Configuration.Proxy?: HTTPClient]>([:])
  private let certificates = Mutex<[HostPort: TLSConfiguration]>([:])

  private static let redirectLimit = 5
  private static let redirectBodyLimit = 64 * 1024

  init(configuration: RegistryConfiguration, group: any EventLoopGroup) {
    self.configuration = configuration
    self.group = group
  }

  /// Closes all connections. Must be called once, at the end of the pull.
  func shutdown() async throws {
    let all = clients.withLock { clients in
      defer { clients = [:] }
      return Array(clients.values)
    }
    for client in all { try await client.shutdown() }
  }

  /// Sends a request and follows redirects. The answer's body has not been read yet.
  ///
  /// `Authorization` goes no further than to the server that it was meant for (CVE-2020-15157).
  ///
  /// Throws: `RegistryFailure`, `CancellationError`.
  func send(_ request: Request) async throws -> (response: HTTPClientResponse, url: RemoteURL) {
    var request = request
    for _ in 0...Self.redirectLimit {
      let response = try await sendOnce(request)
      guard request.method == .GET || request.method == .HEAD,
        [301, 302, 303, 307, 308].contains(response.status.code),
        let location = response.headers.first(name: "location")
      else { return (response, request.url) }
      guard let next = request.url.resolving(location) else {
        throw RegistryFailure(.refusal, .unavailable, "the registry redirects to something that is no URL")
          .during(request.method, request.url)
      }
      try checkStep(from: request.url, to: next)
      // Read to the end, the connection can be used again; if that fails it is simply closed.
      _ = try? await response.body.collect(upTo: Self.redirectBodyLimit)
      if !next.hasSameOrigin(as: request.url) { request.headers.remove(name: "authorization") }
      request.url = next
    }
    throw RegistryFailure(.refusal, .unavailable, "stopped after \(Self.redirectLimit) redirects")
      .during(request.method, request.url)
  }

  /// Whether a registry may send its clients to another address: not out of TLS, and not from the network into the
  /// machine or to the metadata services of clouds.
  func checkStep(from origin: RemoteURL, to next: RemoteURL) throws {
    if origin.isSecure, !next.isSecure, !configuration.insecure.contains(origin.authority) {
      throw RegistryFailure(
        .refusal, .unavailable, "the registry \(origin.authority.host) leads to plain HTTP: \(next)")
    }
    let isInward = next.authority.isLoopback || next.authority.address?.isLinkLocal ?? false
    if isInward, next.authority.host != origin.authority.host, !origin.authority.isLoopback {
      throw RegistryFailure(
        .refusal, .unavailable, "the registry \(origin.authority.host) leads to an address of this machine: \(next)")
    }
  }

  private func sendOnce(_ request: Request) async throws -> HTTPClientResponse {
    var outgoing = HTTPClientRequest(url: request.url.text)
    outgoing.method = request.method
    outgoing.headers = request.headers
    outgoing.headers.replaceOrAdd(name: "user-agent", value: configuration.userAgent)
    if let body = request.body { outgoing.body = .bytes(ByteBuffer(string: body)) }
    if request.url.isSecure { outgoing.tlsConfiguration = try await tls(for: request.url.authority) }
    let client = try client(for: request.url)
    do {
      let deadline = request.timeout.map { NIODeadline.now() + TimeAmount($0) } ?? .distantFuture
      return try await client.execute(outgoing, deadline: deadline)
    } catch {
      if Task.isCancelled { throw CancellationError() }
      throw RegistryFailure.of(error, reaching: request.url).during(request.method, request.url)
    }
  }

  private func tls(for authority: HostPort) async throws -> TLSConfiguration {
    if let known = certificates.withLock({ $0[authority] }) { return known }
    let files = RegistryCertificates(directories: configuration.certificateDirectories)
    let tls = try await files.configuration(
      for: authority, isInsecure: configuration.insecure.contains(authority))
    certificates.withLock { $0[authority] = tls }
    return tls
  }

  private func client(for url: RemoteURL) throws -> HTTPClient {
    let proxy = try configuration.proxies.proxy(for: url)
    return clients.withLock { clients in
      if let client = clients[proxy] { return client }
      let client = HTTPClient(eventLoopGroup: group, configuration: clientConfiguration(proxy))
      clients[proxy] = client
      return client
    }
  }

  private func clientConfiguration(_ proxy: HTTPClient.Configuration.Proxy?) -> HTTPClient.Configuration {
    var client = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: TimeAmount(configuration.connectTimeout), read: TimeAmount(configuration.stallTimeout)),
      proxy: proxy,
      ignoreUncleanSSLShutdown: false,
      decompression: .disabled)
    // Blobs in parallel go over connections of their own: one window and one congestion control each.
    client.httpVersion = .http1Only
    // Whether and when to try again is decided here, where the reasons are known.
    client.connectionPool.retryConnectionEstablishment = false
    // A blob is read in large pieces: a piece costs two switches of thread, whatever its size.
    client.http1_1ConnectionDebugInitializer = { channel in
      channel.setOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 16_384, initial: 65_536, maximum: 1_048_576))
    }
    return client
  }
}
