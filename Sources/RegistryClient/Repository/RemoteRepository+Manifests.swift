import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
public import OCIImageSpec

/// A manifest or index as it came from a registry, verified.
public struct ResolvedManifest: Sendable {
  /// Its type, digest and length.
  public let descriptor: Descriptor
  /// The very bytes, which the digest is of.
  public let bytes: [UInt8]
  public let document: ManifestDocument
}

extension RemoteRepository {
  /// The longest manifest that is read; registries need not store longer ones (distribution spec, "Pushing Manifests").
  static let manifestLimit = 4 * 1024 * 1024
  private static let manifestTimeout = Duration.seconds(60)

  /// What the reference means now, without fetching it: for a check whether it is there already.
  ///
  /// Nil when the registry does not say; `resolve` finds out.
  ///
  /// Throws: `ClassifiedError`.
  public func describe() async throws -> Descriptor? {
    try await firstAnswer { endpoint in
      let response = try await self.askForManifest(.HEAD, self.reference.identifier, endpoint)
      guard let digest = try self.announcedDigest(response),
        let size = response.headers.first(name: "content-length").flatMap({ Int64($0) })
      else { return nil }
      try self.check(digest, isWhatWasAskedFor: self.reference.digest)
      return Descriptor(
        mediaType: MediaType(response.headers.first(name: "content-type") ?? ""), digest: digest, size: size)
    }
  }

  /// Fetches the manifest or index that the reference means now. Everything after goes by the digest found here,
  /// so that a tag that moves meanwhile does not mix two images.
  ///
  /// Throws: `ClassifiedError`.
  public func resolve() async throws -> ResolvedManifest {
    try await fetchManifest(reference.identifier, expected: reference.digest, size: nil)
  }

  /// Fetches the manifest that an index names.
  ///
  /// Throws: `ClassifiedError`.
  public func manifest(_ descriptor: Descriptor) async throws -> ResolvedManifest {
    try await fetchManifest(descriptor.digest.description, expected: descriptor.digest, size: descriptor.size)
  }

  private func fetchManifest(
    _ identifier: String, expected: Digest?, size: Int64?
  ) async throws -> ResolvedManifest {
    try await firstAnswer { endpoint in
      try await self.client.configuration.retries.run {
        let response = try await self.askForManifest(.GET, identifier, endpoint)
        let bytes = try await self.manifestBytes(response, endpoint)
        if let size, size != bytes.count {
          throw RegistryFailure(
            .verification, .dataLoss,
            "manifest verification failed: \(identifier) has \(bytes.count) bytes, not \(size)")
        }
        let digest = try self.verify(bytes, expected: expected, announced: self.announcedDigest(response))
        let announcedType = response.headers.first(name: "content-type").map { MediaType($0) }
        let document = try self.verified { try ManifestDocument(bytes, announcedAs: announcedType) }
        return ResolvedManifest(
          descriptor: Descriptor(
            mediaType: document.mediaType(announcedAs: announcedType), digest: digest, size: Int64(bytes.count)),
          bytes: bytes, document: document)
      }
    }
  }

  private func askForManifest(
    _ method: HTTPMethod, _ identifier: String, _ endpoint: RegistryEndpoint
  ) async throws -> HTTPClientResponse {
    var headers = HTTPHeaders()
    for type in MediaType.acceptedManifests { headers.add(name: "accept", value: type.rawValue) }
    return try await endpoint.send(
      RegistryEndpoint.Request(
        method: method, path: "\(reference.path)/manifests/\(identifier)", headers: headers, scope: scope,
        timeout: Self.manifestTimeout))
  }

  private func manifestBytes(_ response: HTTPClientResponse, _ endpoint: RegistryEndpoint) async throws -> [UInt8] {
    do {
      return Array(try await response.body.collect(upTo: Self.manifestLimit).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw RegistryFailure(
        .verification, .invalid, "the manifest of \(reference.familiar) is longer than \(Self.manifestLimit) bytes")
    } catch {
      if Task.isCancelled { throw CancellationError() }
      throw RegistryFailure.of(error, reaching: endpoint.base)
    }
  }

  private func announcedDigest(_ response: HTTPClientResponse) throws -> Digest? {
    guard let text = response.headers.first(name: "docker-content-digest") else { return nil }
    do {
      return try Digest(text)
    } catch let error as ClassifiedError {
      throw RegistryFailure(.verification, .dataLoss, "the registry names a digest that is none: \(error.message)")
    }
  }

  private func check(_ digest: Digest, isWhatWasAskedFor expected: Digest?) throws {
    // A registry may know content by another algorithm's digest than the one asked for.
    guard let expected, expected.algorithm == digest.algorithm, expected != digest else { return }
    throw RegistryFailure(.verification, .dataLoss, "manifest verification failed for digest \(expected)")
  }

  /// The digest of the bytes, after it proved to be the one asked for and the one announced.
  private func verify(_ bytes: [UInt8], expected: Digest?, announced: Digest?) throws -> Digest {
    for digest in [expected, announced].compactMap({ $0 }) {
      guard Digest.of(bytes, algorithm: digest.algorithm) == digest else {
        throw RegistryFailure(.verification, .dataLoss, "manifest verification failed for digest \(digest)")
      }
    }
    return expected ?? announced ?? Digest.of(bytes)
  }
}

extension ManifestDocument {
  /// The type that a descriptor of this document has: its own word, else the registry's, else the OCI's.
  fileprivate func mediaType(announcedAs announced: MediaType?) -> MediaType {
    switch self {
    case .manifest(let manifest):
      manifest.mediaType ?? announced.flatMap { $0.role == .manifest ? $0 : nil } ?? .ociManifest
    case .index(let index):
      index.mediaType ?? announced.flatMap { $0.role == .index ? $0 : nil } ?? .ociIndex
    }
  }
}
