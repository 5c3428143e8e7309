import Diagnostics
import NIOHTTP1
import OCIImageSpec
@testable import RegistryClient
import Synchronization
import Testing

@Suite struct PullTests {
  @Test func pullsFromLoopbackWithoutTLS() async throws {
    let registry = try FakeRegistry(layerSizes: [0, 1, 3_000_000])
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      try await #expect(pull("\(host)/x", with: client) == registry.layers)
      // The second time it is known that there is no TLS.
      try await #expect(pull("\(host)/x", with: client) == registry.layers)
      let accept = registry.seen("/manifests/").first?.headers["accept"] ?? []
      #expect(accept == MediaType.acceptedManifests.map(\.rawValue))
    }
  }

  @Test func describesWithoutFetching() async throws {
    let registry = try FakeRegistry()
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      try await client.withRepository(of: ImageReference("\(host)/x")) { repository in
        let descriptor = try await repository.describe()
        #expect(descriptor?.digest == .of(registry.manifestBytes))
        #expect(descriptor?.size == Int64(registry.manifestBytes.count))
        #expect(descriptor?.mediaType == .ociManifest)
      }
      #expect(registry.seen("/manifests/").map(\.method) == [.HEAD])
    }
  }

  @Test func speaksDockersWords() async throws {
    let registry = try FakeRegistry()
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      await expectError(.notFound, containing: "manifest for \(host)/x:y not found: manifest unknown: manifest unknown")
      {
        try await pull("\(host)/x:y", with: client)
      }
      registry.twist { request, _ in
        request.target.contains("/manifests/")
          ? registry.error(.notFound, "NAME_UNKNOWN", "repository name not known to registry") : nil
      }
      await expectError(.notFound, containing: "repository \(host)/x not found: name unknown: repository name not") {
        try await pull("\(host)/x", with: client)
      }
      registry.twist { request, _ in
        guard request.target.contains("/manifests/") else { return nil }
        return ScriptedResponse(
          status: .unauthorized,
          headers: ["www-authenticate": #"Bearer realm="http://\#(host)/token",error="insufficient_scope""#])
      }
      await expectError(
        .notFound,
        containing: "pull access denied for \(host)/x, repository does not exist or may require 'docker login': "
          + "denied: requested access to the resource is denied"
      ) { try await pull("\(host)/x", with: client) }
      registry.twist { request, _ in
        request.target.contains("/manifests/") ? ScriptedResponse(status: .notFound, body: Array("<p>".utf8)) : nil
      }
      await expectError(.notFound, containing: "manifest for \(host)/x not found") {
        try await pull("\(host)/x", with: client)
      }
    }
  }

  @Test func saysThatNobodyListens() async throws {
    let server = try await LoopbackServer { _ in ScriptedResponse() }
    try await server.stop()
    let host = "127.0.0.1:\(server.port)"
    await expectError(
      .unavailable, containing: "Get \"http://\(host)/v2/\": dial tcp \(host): connect: connection refused"
    ) { try await pull("\(host)/x", with: RegistryConfiguration.forTests().client()) }
  }

  @Test func retriesWhatMayPass() async throws {
    let registry = try FakeRegistry()
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      registry.fail(2, where: "/manifests/") { $0 = ScriptedResponse(status: .serviceUnavailable) }
      try await #expect(pull("\(host)/x", with: client) == registry.layers)
      registry.fail(2, where: "/blobs/") {
        $0 = ScriptedResponse(status: .tooManyRequests, headers: ["retry-after": "0"])
      }
      try await #expect(pull("\(host)/x", with: client) == registry.layers)

      let before = registry.seen("/manifests/").count
      registry.fail(.max, where: "/manifests/") {
        $0 = registry.error(.tooManyRequests, "TOOMANYREQUESTS", "slow down")
      }
      await expectError(.unavailable, containing: "toomanyrequests: slow down") {
        try await pull("\(host)/x", with: client)
      }
      #expect(registry.seen("/manifests/").count - before == RetryPolicy().attempts)
    }
  }

  @Test func keepsToItsSlots() async throws {
    let gauge = Gauge()
    let slots = DownloadSlots(3)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 {
        group.addTask {
          try await slots.run {
            gauge.enter()
            for _ in 0..<10 { await Task.yield() }
            gauge.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(gauge.most <= 3)
  }

  @Test func leavesTheLineWhenCancelled() async throws {
    let slots = DownloadSlots(1)
    try await slots.run {
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            try await slots.run {}
            return false
          } catch {
            return error is CancellationError
          }
        }
        group.cancelAll()
        for await wasCancelled in group { #expect(wasCancelled) }
      }
    }
    try await slots.run {}
  }

  @Test func cancelledTransferIsCancelled() async throws {
    let registry = try FakeRegistry()
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      let (underWay, signal) = AsyncStream.makeStream(of: Void.self)
      registry.fail(1, where: "/blobs/") { response in
        response.ending = .silent(after: 0)
        signal.yield()
      }
      await withTaskGroup(of: ErrorKind?.self) { group in
        group.addTask {
          defer { signal.finish() }
          do {
            try await pull("\(host)/x", with: client)
            return nil
          } catch {
            return errorKind(of: error)
          }
        }
        for await _ in underWay.prefix(1) { group.cancelAll() }
        for await kind in group { #expect(kind == .cancelled) }
      }
    }
  }
}

/// How many are somewhere at the same time.
private final class Gauge: Sendable {
  private let state = Mutex((now: 0, most: 0))

  var most: Int { state.withLock { $0.most } }

  func enter() {
    state.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
  }

  func leave() {
    state.withLock { $0.now -= 1 }
  }
}
