import Diagnostics
import NIOHTTP1
import OCIImageSpec
@testable import RegistryClient
import Testing

/// Docker Hub, mirrors, redirects and proxies: hosts with names, behind TLS and a proxy on loopback.
@Suite struct InternetTests {
  static let me = RegistryCredentials(username: "me", password: "secret")

  @Test func pullsFromTheHub() async throws {
    let hub = try FakeRegistry(authentication: .bearer(realm: "https://auth.docker.io/token"))
    let tokens = try FakeRegistry()
    try await withInternet(["registry-1.docker.io": hub, "auth.docker.io": tokens]) { configuration in
      try await #expect(pull("busybox", with: configuration.client(), credentials: Self.me) == hub.layers)
      #expect(hub.seen("/v2/library/busybox/manifests/latest").count == 1)
      #expect(tokens.seen("/token").map(\.authorization) == [basic("me", "secret")])
      #expect(hub.seen.allSatisfy { $0.authorization?.hasPrefix("Basic") != true })
    }
  }

  @Test func verifiesCertificates() async throws {
    let registry = try FakeRegistry()
    try await withInternet(["registry.test": registry, "other.test": registry], trustedBy: ["other.test"]) {
      configuration in
      await expectError(.unavailable, containing: "x509: certificate signed by unknown authority") {
        try await pull("registry.test/x", with: configuration.client())
      }
      await expectError(.unavailable, containing: "x509: certificate is not valid for other.test") {
        try await pull("other.test/x", with: configuration.client())
      }
      #expect(registry.seen.isEmpty)
    }
  }

  @Test func doesNotLeaveTLS() async throws {
    let server = try await LoopbackServer { _ in ScriptedResponse() }
    let proxy = try await LoopbackProxy(ports: ["registry.test": server.port])
    await expectError(.unavailable, containing: "http: server gave HTTP response to HTTPS client") {
      try await pull("registry.test/x", with: RegistryConfiguration.forTests(proxy: proxy.port).client())
    }
    try await proxy.stop()
    try await server.stop()
  }

  @Test(arguments: [false, true])
  func asksTheMirrorFirst(_ mirrorIsDamaged: Bool) async throws {
    let mirror = try FakeRegistry()
    let hub = try FakeRegistry(authentication: .basic("me", "secret"))
    if mirrorIsDamaged { mirror.fail(.max, where: hub.manifest.layers[0].digest.hex) { $0.body[9] ^= 1 } }
    try await withInternet(["registry-1.docker.io": hub, "mirror.test": mirror]) { base in
      var configuration = try RegistryConfiguration(mirrors: ["https://mirror.test/hub"], proxies: base.proxies)
      configuration.certificateDirectories = base.certificateDirectories
      try await #expect(pull("busybox", with: configuration.client(), credentials: Self.me) == hub.layers)
      #expect(mirror.seen("/hub/v2/library/busybox/manifests/latest").count == 1)
      #expect(mirror.seen.allSatisfy { $0.authorization == nil })
      #expect(hub.seen.isEmpty != mirrorIsDamaged)
    }
  }

  /// Mirrors that answer with success and something that is no manifest: a login page, an error as JSON, an old format.
  @Test(arguments: ["<html>please log in</html>", "{}", #"{"schemaVersion":1}"#, ""])
  func aMirrorThatServesNoManifestIsPassedOver(_ body: String) async throws {
    let mirror = try FakeRegistry()
    let hub = try FakeRegistry()
    mirror.twist { request, _ in
      request.target.contains("/manifests/") ? ScriptedResponse(body: Array(body.utf8)) : nil
    }
    try await withInternet(["registry-1.docker.io": hub, "mirror.test": mirror]) { base in
      var configuration = try RegistryConfiguration(mirrors: ["https://mirror.test"], proxies: base.proxies)
      configuration.certificateDirectories = base.certificateDirectories
      try await #expect(pull("busybox", with: configuration.client()) == hub.layers)
      #expect(!mirror.seen("/manifests/").isEmpty)
    }
    // The registry itself has nobody behind it.
    hub.twist { request, _ in
      request.target.contains("/manifests/") ? ScriptedResponse(body: Array(body.utf8)) : nil
    }
    try await withInternet(["registry-1.docker.io": hub]) { configuration in
      await expectError(body.contains("schema") || body == "{}" ? .unsupported : .invalid, containing: "manifest") {
        try await pull("busybox", with: configuration.client())
      }
    }
  }

  @Test func managesWithoutTheMirror() async throws {
    let hub = try FakeRegistry()
    try await withInternet(["registry-1.docker.io": hub]) { base in
      var configuration = try RegistryConfiguration(mirrors: ["http://127.0.0.1:1"], proxies: base.proxies)
      configuration.certificateDirectories = base.certificateDirectories
      try await #expect(pull("busybox", with: configuration.client()) == hub.layers)
    }
  }

  @Test func followsRedirectsWithoutThePassword() async throws {
    let cdn = try FakeRegistry()
    let registry = try FakeRegistry(authentication: .basic("me", "secret"))
    redirectBlobs(of: registry) { "https://cdn.test\($0)?signature=s" }
    try await withInternet(["registry.test": registry, "cdn.test": cdn]) { configuration in
      let layers = try await pull("registry.test/x", with: configuration.client(), credentials: Self.me)
      #expect(layers == cdn.layers)
      #expect(!cdn.seen.isEmpty)
      #expect(cdn.seen.allSatisfy { $0.authorization == nil })
    }
  }

  @Test(arguments: [
    "http://cdn.test", "https://127.0.0.1:1", "https://169.254.169.254", "https://localhost", "https://[fe80::1]",
  ])
  func refusesRedirects(_ target: String) async throws {
    let registry = try FakeRegistry()
    redirectBlobs(of: registry) { target + $0 }
    try await withInternet(["registry.test": registry, "cdn.test": registry]) { configuration in
      await expectError(.unavailable, containing: "the registry registry.test leads to") {
        try await pull("registry.test/x", with: configuration.client())
      }
    }
  }

  @Test func stopsGoingInCircles() async throws {
    let registry = try FakeRegistry()
    redirectBlobs(of: registry) { $0 }
    try await withInternet(["registry.test": registry]) { configuration in
      await expectError(.unavailable, containing: "redirects") {
        try await pull("registry.test/x", with: configuration.client())
      }
    }
  }

  @Test func namesTheProxyAtFault() async throws {
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
    let proxy = try await LoopbackProxy(ports: [:], refusal: refusal)
    await expectError(.unavailable, containing: "Proxy Authentication Required") {
      try await pull("registry.test/x", with: RegistryConfiguration.forTests(proxy: proxy.port).client())
    }
    try await proxy.stop()
  }

  private func redirectBlobs(of registry: FakeRegistry, to target: @escaping @Sendable (String) -> String) {
    registry.twist { request, regular in
      guard request.target.contains("/blobs/"), regular.status == .ok else { return nil }
      return ScriptedResponse(status: .temporaryRedirect, headers: ["location": target(request.path)])
    }
  }
}
