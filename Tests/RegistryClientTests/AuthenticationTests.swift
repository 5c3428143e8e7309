import Diagnostics
import NIOHTTP1
import OCIImageSpec
@testable import RegistryClient
import Testing

@Suite struct AuthenticationChallengeTests {
  @Test(arguments: [
    (
      #"Bearer realm="https://a/t",service="s",scope="repository:x:pull,push""#,
      [("bearer", ["realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"])]
    ),
    (#"Basic realm="a \"b\" \\c""#, [("basic", ["realm": #"a "b" \c"#])]),
    (#"Negotiate, NTLM abc==, Basic realm=x"#, [("negotiate", [:]), ("ntlm", [:]), ("basic", ["realm": "x"])]),
    (#"bearer  Realm = "r" , SERVICE=s,, , Basic"#, [("bearer", ["realm": "r", "service": "s"]), ("basic", [:])]),
    (#"Bearer realm="r",realm="evil""#, [("bearer", ["realm": "r"])]),
    (#"Basic realm="open"#, [("basic", [:])]),
    ("Basic", [("basic", [:])]), ("", []), ("=,=", []), (#"Basic realm="#, [("basic", [:])]),
  ])
  func parses(_ value: String, _ expected: [(String, [String: String])]) {
    let challenges = expected.map { AuthenticationChallenge(scheme: $0.0, parameters: $0.1) }
    #expect(AuthenticationChallenge.parse([value]) == challenges)
  }

  @Test func parsesSeveralHeaders() {
    #expect(AuthenticationChallenge.parse(["Basic realm=a", "Bearer realm=b"]).map(\.scheme) == ["basic", "bearer"])
  }
}

@Suite struct AuthenticationTests {
  static let me = RegistryCredentials(username: "me", password: "secret")

  @Test func basicPasswordIsShown() async throws {
    let registry = try FakeRegistry(authentication: .basic("me", "secret"))
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      let layers = try await pull("\(host)/x", with: client, credentials: Self.me)
      #expect(layers == registry.layers)
      await expectError(.unauthorized, containing: "no basic auth credentials") {
        try await pull("\(host)/x", with: client)
      }
    }
  }

  @Test func oneTokenServesTheWholePull() async throws {
    try await withBearerRegistry { registry, host, client in
      let layers = try await pull("\(host)/a/b", with: client)
      #expect(layers == registry.layers)
      let requests = registry.seen("/token")
      #expect(requests.map(\.target) == ["/token?service=fake&scope=repository%3Aa%2Fb%3Apull"])
      #expect(requests.first?.authorization == nil)
    }
  }

  @Test func passwordBuysTheToken() async throws {
    try await withBearerRegistry { registry, host, client in
      try await pull("\(host)/x", with: client, credentials: Self.me)
      #expect(registry.seen("/token").map(\.authorization) == [basic("me", "secret")])
      #expect(registry.seen("/blobs/").allSatisfy { $0.authorization == "Bearer \(FakeRegistry.token)" })
    }
  }

  @Test func identityTokenBuysTheToken() async throws {
    try await withBearerRegistry { registry, host, client in
      try await pull("\(host)/x", with: client, credentials: RegistryCredentials(identityToken: "i+d"))
      let request = registry.seen("/token").first
      #expect(request?.method == .POST)
      #expect(request?.body.contains("refresh_token=i%2Bd") == true)
    }
  }

  @Test func tokenThatRanOutIsRenewed() async throws {
    try await withBearerRegistry { registry, host, client in
      registry.fail(1, where: "/blobs/") { response in
        response = ScriptedResponse(
          status: .unauthorized,
          headers: ["www-authenticate": #"Bearer realm="http://\#(host)/token",service="fake",error="invalid_token""#])
      }
      try await #expect(pull("\(host)/x", with: client) == registry.layers)
      #expect(registry.seen("/token").count == 2)
    }
  }

  @Test func logInTellsRightFromWrong() async throws {
    try await withBearerRegistry { registry, host, client in
      var credentials = Self.me
      credentials.serverAddress = host
      try await #expect(client.logIn(credentials) == "again")
      #expect(registry.seen("/token").last?.target.contains("offline_token=true") == true)
      credentials.password = "wrong"
      await expectError(.unauthorized, containing: "unauthorized: incorrect username or password") {
        _ = try await client.logIn(credentials)
      }
    }
    let registry = try FakeRegistry(authentication: .basic("me", "secret"))
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      #expect(
        try await client.logIn(RegistryCredentials(username: "me", password: "secret", serverAddress: host)) == nil)
      await expectError(.unauthorized, containing: "401") {
        _ = try await client.logIn(
          RegistryCredentials(username: "me", password: "no", serverAddress: "http://\(host)/v1/"))
      }
    }
  }

  /// The realm of a registry may be on its own site, and nowhere else.
  @Test(arguments: [
    ("registry-1.docker.io", "auth.docker.io", true), ("registry.gitlab.com", "gitlab.com", true),
    ("a.b.example.com", "c.example.com", true), ("ghcr.io", "ghcr.io", true), ("ghcr.io", "evil.io", false),
    ("docker.io.evil.com", "auth.docker.io", false), ("registry.co.uk", "evil.co.uk", false),
    ("r.shop.co.uk", "auth.shop.co.uk", true), ("10.0.0.1", "11.0.0.1", false), ("xdocker.io", "docker.io", false),
  ])
  func siteOfHosts(_ one: String, _ other: String, _ isOne: Bool) {
    #expect(one == other || Authorizer.areOneSite(one, other) == isOne)
  }

  @Test(arguments: ["https://cdn.test/token", "http://registry.test/token"])
  func passwordIsWithheldFromStrangers(_ realm: String) async throws {
    let stranger = try FakeRegistry()
    let registry = try FakeRegistry(authentication: .bearer(realm: realm))
    try await withInternet(["registry.test": registry, "cdn.test": stranger]) { configuration in
      await expectError(nil, containing: "registry.test") {
        try await pull("registry.test/x", with: configuration.client(), credentials: Self.me)
      }
      #expect(stranger.seen.isEmpty)
    }
  }

  /// Unless the server's settings name the stranger.
  @Test func passwordIsShownToATrustedHost() async throws {
    let stranger = try FakeRegistry(authentication: .bearer(realm: "https://cdn.test/token"))
    let registry = try FakeRegistry(authentication: .bearer(realm: "https://cdn.test/token"))
    try await withInternet(["registry.test": registry, "cdn.test": stranger], trustedTokenHosts: ["CDN.test"]) {
      configuration in
      let layers = try await pull("registry.test/x", with: configuration.client(), credentials: Self.me)
      #expect(layers == registry.layers)
      #expect(stranger.seen("/token").map(\.authorization) == [basic("me", "secret")])
    }
  }

  @Test func headerIsRead() throws {
    let json = #"{"username":"a","password":"b?>","serveraddress":"https://index.docker.io/v1/"}"#
    let header = base64(json).replacing("+", with: "-").replacing("/", with: "_")
    let credentials = try RegistryCredentials(header: header)
    #expect(credentials.username == "a")
    #expect(credentials.password == "b?>")
    #expect(try RegistryCredentials(header: base64(#"{"auth":"\#(base64("n:p:q"))"}"#)).password == "p:q")
    #expect(try RegistryCredentials(header: "").isEmpty)
    #expect(throws: ClassifiedError.self) { try RegistryCredentials(header: "%") }
    #expect(!String(describing: credentials).contains("b?>"))
  }

  private func withBearerRegistry(
    _ test: (FakeRegistry, _ host: String, RegistryClient) async throws -> Void
  ) async throws {
    // The realm names the port, which is known once the server listens: so the challenge is made over.
    let registry = try FakeRegistry(layerSizes: [5, 70_000], authentication: .bearer(realm: "http://REALM/token"))
    let server = try await LoopbackServer { request in
      var response = registry.answer(request)
      let host = request.headers.first(name: "host") ?? ""
      if let challenge = response.headers.first(name: "www-authenticate") {
        response.headers.replaceOrAdd(name: "www-authenticate", value: challenge.replacing("REALM", with: host))
      }
      return response
    }
    let result: Result<Void, any Error>
    do {
      result = .success(try await test(registry, "127.0.0.1:\(server.port)", RegistryConfiguration.forTests().client()))
    } catch {
      result = .failure(error)
    }
    try await server.stop()
    try result.get()
  }
}

/// Expects a classified error of a kind (or of any) whose sentence contains a text.
func expectError(
  _ kind: ErrorKind?, containing text: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Void
) async {
  let error = await #expect(throws: ClassifiedError.self, sourceLocation: sourceLocation) { try await body() }
  guard let error else { return }
  if let kind { #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation) }
  #expect(error.description.contains(text), "\(error)", sourceLocation: sourceLocation)
}
