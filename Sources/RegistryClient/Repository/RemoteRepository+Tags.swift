import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import OCIImageSpec

extension RemoteRepository {
  /// The longest page of a list of tags that is read.
  private static let pageLimit = 4 * 1024 * 1024
  /// How many tags and pages are read before a list counts as endless.
  private static let listLimit = 100_000
  private static let pageTimeout = Duration.seconds(60)

  /// This repository at each of its tags, in the registry's order (distribution spec, end-8).
  ///
  /// Throws: `ClassifiedError`.
  public func everyTag() async throws -> [RemoteRepository] {
    let references = try await firstAnswer { try await self.listTags(at: $0) }
    return references.map { RemoteRepository($0, directory: directory, client: client) }
  }

  /// Reads one page after the other, as long as the registry names a next one.
  private func listTags(at endpoint: RegistryEndpoint) async throws -> [ImageReference] {
    var found: [ImageReference] = []
    var next: RemoteURL? = try endpoint.url(of: "\(reference.path)/tags/list")
    var pages: Set<RemoteURL> = []
    while let url = next {
      guard pages.insert(url).inserted, found.count + pages.count <= Self.listLimit else {
        throw RegistryFailure(.refusal, .unavailable, "the registry's list of tags has no end").during(.GET, url)
      }
      let (tags, link) = try await client.configuration.retries.run { try await self.page(url, endpoint) }
      found += tags
      next = try link.map { try self.following($0, from: url) }
    }
    return found
  }

  private func page(_ url: RemoteURL, _ endpoint: RegistryEndpoint) async throws -> ([ImageReference], String?) {
    let request = RegistryEndpoint.Request(path: "", scope: scope, timeout: Self.pageTimeout)
    let response = try await endpoint.send(request, to: url)
    let body: ByteBuffer
    do {
      body = try await response.body.collect(upTo: Self.pageLimit)
    } catch is NIOTooManyBytesError {
      throw RegistryFailure(.verification, .invalid, "a page of tags is longer than \(Self.pageLimit) bytes")
        .during(.GET, url)
    } catch {
      if Task.isCancelled { throw CancellationError() }
      throw RegistryFailure.of(error, reaching: endpoint.base)
    }
    let tags = try verified {
      try JSONDocument.decode(TagList.self, from: Array(body.readableBytesView), called: "list of tags").tags ?? []
    }
    let references = try verified { try tags.map { try reference.with(tag: $0) } }
    return (references, Self.nextLink(response.headers["link"]))
  }

  /// Where the next page is. It must be the same registry, for it gets the same credentials.
  private func following(_ link: String, from url: RemoteURL) throws -> RemoteURL {
    guard let next = url.resolving(link), next.hasSameOrigin(as: url) else {
      throw RegistryFailure(.refusal, .unavailable, "the list of tags goes on at another server").during(.GET, url)
    }
    return next
  }

  /// The target of the link with `rel="next"` (RFC 8288, section 3).
  static func nextLink(_ values: [String]) -> String? {
    for link in values.flatMap({ $0.split(separator: ",") }) {
      let parts = link.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\"" } }
      guard let target = parts.first, target.hasPrefix("<"), target.hasSuffix(">") else { continue }
      if parts.dropFirst().contains(where: { $0.lowercased() == "rel=next" }) {
        return String(target.dropFirst().dropLast())
      }
    }
    return nil
  }
}

/// The body of `tags/list`. A repository without tags has null in some registries.
private struct TagList: Decodable {
  let tags: [String]?
}
