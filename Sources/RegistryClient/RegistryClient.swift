import Diagnostics
public import Logging
public import NIOCore
import NIOHTTP1
public import OCIImageSpec
import Synchronization

/// Speaks to registries (distribution spec 1.1): resolves names, fetches manifests and blobs, checks logins.
///
/// The client itself holds no connection: these live as long as a `withRepository` does.
public final class RegistryClient: Sendable {
  public let configuration: RegistryConfiguration
  let logger: Logger
  let slots: DownloadSlots
  private let group: any EventLoopGroup
  /// Which of the registries that may have no TLS had none the last time.
  private let plainRegistries = Mutex<Set<HostPort>>([])

  /// - Parameters:
  ///   - group: runs the connections; it stays the caller's to shut down.
  public init(configuration: RegistryConfiguration, group: any EventLoopGroup, logger: Logger) {
    self.configuration = configuration
    self.group = group
    self.logger = logger
    slots = DownloadSlots(configuration.maximumDownloads)
  }

  /// Gives access to the repository of a reference for the time of a pull, and closes its connections after that.
  ///
  /// - Parameters:
  ///   - credentials: are shown to the reference's own registry and its token server only.
  ///
  /// Throws: `ClassifiedError`, or what `body` throws.
  public func withRepository<Value: Sendable>(
    of reference: ImageReference, credentials: RegistryCredentials? = nil,
    _ body: (RemoteRepository) async throws -> Value
  ) async throws -> Value {
    try await withDirectory(of: reference.domain, credentials ?? RegistryCredentials()) { directory in
      try await body(RemoteRepository(reference, directory: directory, client: self))
    }
  }

  /// Checks credentials against the registry that they are for.
  ///
  /// Returns a token that stands for the password from now on, if the registry gives such.
  ///
  /// Throws: `ClassifiedError` of kind `unauthorized` when they are wrong.
  public func logIn(_ credentials: RegistryCredentials) async throws -> String? {
    let domain = Self.domain(ofServer: credentials.serverAddress)
    return try await withDirectory(of: domain, credentials) { directory in
      do {
        // The last place is the registry itself; a mirror has nothing to say about its users.
        let endpoint = try await directory.endpoint(at: directory.order.max() ?? 0)
        let token = try await endpoint.authorizer.logIn()
        _ = try await endpoint.send(RegistryEndpoint.Request(path: "", scope: "", timeout: .seconds(60)))
        return token
      } catch let failure as RegistryFailure {
        guard failure.answer != nil, let url = RemoteURL("https://\(domain)/v2/") else { throw failure.classified }
        throw failure.during(.GET, url).classified
      }
    }
  }

  /// The domain of what `docker login` was given: nothing, a host, or the URL that stood for Docker Hub once.
  static func domain(ofServer address: String) -> String {
    let bare = address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address[...]
    let host = String(bare.prefix { $0 != "/" })
    let hub = ["", "docker.io", "index.docker.io", "registry-1.docker.io"]
    return hub.contains(host) ? ImageReference.defaultDomain : host
  }

  private func withDirectory<Value: Sendable>(
    of domain: String, _ credentials: RegistryCredentials, _ body: (EndpointDirectory) async throws -> Value
  ) async throws -> Value {
    let transport = HTTPTransport(configuration: configuration, group: group)
    let result: Result<Value, any Error>
    do {
      let directory = try EndpointDirectory(
        domain: domain, credentials: credentials, client: self, transport: transport)
      result = .success(try await body(directory))
    } catch {
      result = .failure(error)
    }
    // What closing a connection that is done with says is of no interest to who has the image.
    do { try await transport.shutdown() } catch { logger.debug("connections did not close cleanly: \(error)") }
    return try result.get()
  }
}

// MARK: - What is remembered of registries between pulls

extension RegistryClient {
  /// The URLs of a registry with the one first that worked the last time.
  func ordered(_ urls: [RemoteURL]) -> [RemoteURL] {
    guard urls.count > 1, let first = urls.first else { return urls }
    let isPlain = plainRegistries.withLock { $0.contains(first.authority) }
    return isPlain ? urls.reversed() : urls
  }

  func remember(_ url: RemoteURL) {
    plainRegistries.withLock { plain in
      if url.isSecure { plain.remove(url.authority) } else { plain.insert(url.authority) }
    }
  }
}
