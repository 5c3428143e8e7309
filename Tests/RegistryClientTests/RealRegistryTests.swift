import AsyncHTTPClient
import Diagnostics
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import OCIImageSpec
@testable import RegistryClient
import TestSupport
import Testing

/// Debian's docker-registry, the reference implementation, on a free loopback port.
@Suite(.needs(.program(DistributionRegistry.program, package: "docker-registry")))
struct RealRegistryTests {
  @Test func pullsWhatWasPushed() async throws {
    let image = try FakeRegistry(layerSizes: [10, 5_000_000, 200_000])
    let registry = try await DistributionRegistry()
    let result: Result<Void, any Error>
    do {
      try await registry.push(image, to: "a/b", tag: "latest")
      let client = try RegistryConfiguration.forTests().client()
      try await #expect(pull("\(registry.host)/a/b", with: client) == image.layers)
      try await #expect(pull("\(registry.host)/a/b@\(Digest.of(image.manifestBytes))", with: client) == image.layers)
      try await resumes(image, from: registry, with: client)
      await expectError(
        .notFound, containing: "manifest for \(registry.host)/a/b:no not found: manifest unknown: manifest unknown"
      ) { try await pull("\(registry.host)/a/b:no", with: client) }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    await registry.stop()
    try result.get()
  }

  private func resumes(
    _ image: FakeRegistry, from registry: DistributionRegistry, with client: RegistryClient
  ) async throws {
    let bytes = image.layers[1]
    let sink = RecordingSink(Array(bytes.prefix(1_234_567)))
    try await client.withRepository(of: ImageReference("\(registry.host)/a/b")) { repository in
      try await repository.fetchBlob(
        image.manifest.layers[1], resuming: 1_234_567, into: sink)
    }
    #expect(sink.bytes == bytes)
    #expect(sink.restarts == 0)
  }
}

/// A docker-registry process with a storage of its own.
final class DistributionRegistry {
  static let program = "/usr/bin/docker-registry"

  let host: String
  private let process = Process()
  /// Ends when the process does.
  private let ended: AsyncStream<Void>
  private let directory: URL

  init() async throws {
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    self.ended = ended
    process.terminationHandler = { _ in end.finish() }
    // Bound and let go: the port is free for the moment that the registry needs to take it.
    let probe = try await LoopbackServer { _ in ScriptedResponse() }
    try await probe.stop()
    host = "127.0.0.1:\(probe.port)"
    directory = FileManager.default.temporaryDirectory.appending(path: "apus-registry-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let configuration = directory.appending(path: "config.yml")
    try """
    version: 0.1
    log: {level: error}
    storage: {filesystem: {rootdirectory: \(directory.path)/data}}
    http: {addr: "\(host)"}
    """.write(to: configuration, atomically: true, encoding: .utf8)
    process.executableURL = URL(filePath: Self.program)
    process.arguments = ["serve", configuration.path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    for _ in 0..<200 {
      if (try? await send(.GET, "/v2/").status) == .ok { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    await stop()
    throw HTTPClientError.connectTimeout
  }

  func stop() async {
    process.terminate()
    for await _ in ended {}
    try? FileManager.default.removeItem(at: directory)
  }

  /// Pushes blobs each in one request, then the manifest (distribution spec, end-4a, end-6, end-7).
  func push(_ image: FakeRegistry, to repository: String, tag: String) async throws {
    for blob in image.layers + [image.configuration] {
      let upload = try await send(.POST, "/v2/\(repository)/blobs/uploads/")
      let location = try #require(upload.headers.first(name: "location").flatMap { URLComponents(string: $0) })
      let target = "\(location.path)?\(location.percentEncodedQuery ?? "")&digest=\(Digest.of(blob))"
      try #require(await send(.PUT, target, blob).status == .created)
    }
    let headers: HTTPHeaders = ["content-type": MediaType.ociManifest.rawValue]
    try #require(
      await send(.PUT, "/v2/\(repository)/manifests/\(tag)", image.manifestBytes, headers).status == .created)
  }

  private func send(
    _ method: HTTPMethod, _ target: String, _ body: [UInt8] = [], _ headers: HTTPHeaders = [:]
  ) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest(url: "http://\(host)\(target)")
    request.method = method
    request.headers = headers
    request.body = .bytes(ByteBuffer(bytes: body))
    return try await HTTPClient.shared.execute(request, timeout: .seconds(20))
  }
}
