import Diagnostics
import NIOHTTP1
import OCIImageSpec
@testable import RegistryClient
import Testing

/// The tags of a repository, page by page.
@Suite struct TagListTests {
  private func tags(_ registry: FakeRegistry) async throws -> [String] {
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      return try await client.withRepository(of: ImageReference("\(host)/team/x")) { repository in
        try await repository.everyTag().map { $0.reference.tag ?? "" }
      }
    }
  }

  private func registry(_ pages: [String: (body: String, link: String?)]) throws -> FakeRegistry {
    let registry = try FakeRegistry()
    registry.twist { request, _ in
      guard let page = pages[request.target] else { return nil }
      var response = ScriptedResponse(body: Array(page.body.utf8))
      if let link = page.link { response.headers.add(name: "link", value: link) }
      return response
    }
    return registry
  }

  private static let list = "/v2/team/x/tags/list"

  @Test func readsEveryPage() async throws {
    let registry = try registry([
      Self.list: (#"{"name":"team/x","tags":["1","2"]}"#, #"</v2/team/x/tags/list?last=2&n=2>; rel="next""#),
      Self.list + "?last=2&n=2": (#"{"tags":[]}"#, "<list?n=2&last=3>;rel=next"),
      Self.list + "?n=2&last=3": (#"{"tags":["v3.0"]}"#, #"<https://elsewhere.test/>; rel="help""#),
    ])
    #expect(try await tags(registry) == ["1", "2", "v3.0"])
    #expect(registry.seen("/tags/list").count == 3)
  }

  @Test(arguments: [#"{"tags":null}"#, #"{"name":"team/x"}"#, #"{"tags":[]}"#])
  func aRepositoryMayHaveNoTags(_ body: String) async throws {
    #expect(try await tags(registry([Self.list: (body, nil)])) == [])
  }

  @Test func eachTagIsPulledFromTheSameConnections() async throws {
    let registry = try FakeRegistry(authentication: .basic("me", "secret"))
    registry.twist { request, _ in
      request.target == Self.list && request.authorization == basic("me", "secret")
        ? ScriptedResponse(body: Array(#"{"tags":["latest"]}"#.utf8)) : nil
    }
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      let credentials = RegistryCredentials(username: "me", password: "secret")
      try await client.withRepository(of: ImageReference("\(host)/team/x"), credentials: credentials) { repository in
        let tagged = try await repository.everyTag()
        #expect(tagged.map(\.reference.familiar) == ["\(host)/team/x:latest"])
        let top = try await tagged[0].resolve()
        #expect(top.bytes == registry.manifestBytes)
      }
    }
  }

  @Test(
    arguments: [
      (#"{"tags":["a"]}"#, "<https://elsewhere.test/v2/team/x/tags/list?n=1>; rel=next", "at another server"),
      (#"{"tags":["a"]}"#, "</v2/team/x/tags/list>; rel=next", "has no end"),
      (#"{"tags":["-x"]}"#, nil, "invalid tag format"),
      ("<html>", nil, "invalid list of tags"),
    ] as [(String, String?, String)])
  func listsThatCannotBeBelieved(_ body: String, _ link: String?, _ words: String) async throws {
    let registry = try registry([Self.list: (body, link)])
    await expectError(nil, containing: words) { _ = try await tags(registry) }
  }

  @Test func anUnknownRepositoryIsSaidToBe() async throws {
    await expectError(.notFound, containing: "repository") { _ = try await tags(FakeRegistry()) }
  }
}
