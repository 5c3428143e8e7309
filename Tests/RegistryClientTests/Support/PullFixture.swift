import Diagnostics
import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import OCIImageSpec
@testable import RegistryClient
import Synchronization

/// Keeps what a transfer writes.
final class RecordingSink: BlobSink {
  private let state = Mutex((bytes: [UInt8](), restarts: 0, retries: 0))

  var bytes: [UInt8] { state.withLock { $0.bytes } }
  var restarts: Int { state.withLock { $0.restarts } }
  var retries: Int { state.withLock { $0.retries } }

  init(_ bytes: [UInt8] = []) {
    state.withLock { $0.bytes = bytes }
  }

  func write(_ bytes: ByteBuffer) {
    state.withLock { $0.bytes += Array(bytes.readableBytesView) }
  }

  func digest() -> Digest { Digest.of(bytes) }

  func restart() {
    state.withLock {
      $0.bytes = []
      $0.restarts += 1
    }
  }

  func willRetry(after pause: Duration, because reason: String) {
    state.withLock { $0.retries += 1 }
  }
}

extension RegistryConfiguration {
  /// Regular, but impatient.
  static func forTests(
    mirrors: [String] = [], trustedTokenHosts: [String] = [], proxy: Int? = nil,
    certificates: TestCertificate? = nil
  ) throws -> RegistryConfiguration {
    let proxies = proxy.map { ProxySettings(https: "http://127.0.0.1:\($0)") } ?? ProxySettings()
    var configuration = try RegistryConfiguration(
      mirrors: mirrors, trustedTokenHosts: trustedTokenHosts, proxies: proxies)
    configuration.certificateDirectories = certificates.map { [$0.directory.path] } ?? []
    configuration.retries.firstDelay = .milliseconds(1)
    configuration.retries.longestDelay = .milliseconds(5)
    return configuration
  }

  func client() -> RegistryClient {
    RegistryClient(
      configuration: self, group: MultiThreadedEventLoopGroup.singleton,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }
}

/// Runs a test against a fake registry on loopback.
func withRegistry<Value>(
  _ registry: FakeRegistry, tls: NIOSSLContext? = nil, _ test: (_ host: String) async throws -> Value
) async throws -> Value {
  let server = try await LoopbackServer(tls: tls, script: registry.answer)
  let result: Result<Value, any Error>
  do { result = .success(try await test("127.0.0.1:\(server.port)")) } catch { result = .failure(error) }
  try await server.stop()
  return try result.get()
}

/// Pulls everything of an image the way the engine does; returns the layers.
@discardableResult
func pull(
  _ reference: String, with client: RegistryClient, credentials: RegistryCredentials? = nil
) async throws -> [[UInt8]] {
  try await client.withRepository(of: ImageReference(reference), credentials: credentials) { repository in
    let top = try await repository.resolve()
    guard case .manifest(let manifest) = top.document else { return [] }
    _ = try await repository.blob(manifest.configuration)
    return try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
      for (number, layer) in manifest.layers.enumerated() {
        group.addTask {
          let sink = RecordingSink()
          try await repository.fetchBlob(layer, into: sink)
          return (number, sink.bytes)
        }
      }
      var layers = Array(repeating: [UInt8](), count: manifest.layers.count)
      for try await (number, bytes) in group { layers[number] = bytes }
      return layers
    }
  }
}

/// Runs a program to its end, without holding a thread that other tests need.
func run(_ program: String, _ arguments: [String]) async throws {
  let process = Process()
  process.executableURL = URL(filePath: program)
  process.arguments = arguments
  process.standardError = FileHandle.nullDevice
  try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
    process.terminationHandler = { _ in done.resume() }
    do { try process.run() } catch { done.resume(throwing: error) }
  }
}

/// A certificate for the hosts of the tests, signed by itself, and a certificate directory in which some trust it.
struct TestCertificate {
  let directory: URL
  let context: NIOSSLContext

  static let hosts = ["registry-1.docker.io", "auth.docker.io", "mirror.test", "registry.test", "cdn.test"]

  init(trustedBy hosts: [String] = Self.hosts) async throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "apus-registry-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let key = directory.appending(path: "key.pem").path
    let certificate = directory.appending(path: "cert.pem").path
    let names = Self.hosts.map { "DNS:\($0)" }.joined(separator: ",")
    try await run(
      "/usr/bin/openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=apus-test", "-addext", "subjectAltName=\(names)", "-keyout", key, "-out", certificate,
      ])
    for host in hosts {
      let folder = directory.appending(path: host)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: certificate, toPath: folder.appending(path: "ca.crt").path)
    }
    context = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(file: key, format: .pem))))
  }

  func remove() {
    try? FileManager.default.removeItem(at: directory)
  }
}

/// Runs a test in which each host of the internet is a fake on loopback behind a proxy, with TLS.
func withInternet(
  _ hosts: [String: FakeRegistry], trustedBy trusted: [String] = TestCertificate.hosts,
  trustedTokenHosts: [String] = [],
  _ test: (_ configuration: RegistryConfiguration) async throws -> Void
) async throws {
  let certificate = try await TestCertificate(trustedBy: trusted)
  defer { certificate.remove() }
  var servers: [LoopbackServer] = []
  var ports: [String: Int] = [:]
  for (host, registry) in hosts {
    let server = try await LoopbackServer(tls: certificate.context, script: registry.answer)
    servers.append(server)
    ports[host] = server.port
  }
  let proxy = try await LoopbackProxy(ports: ports)
  let result: Result<Void, any Error>
  do {
    result = .success(
      try await test(
        .forTests(trustedTokenHosts: trustedTokenHosts, proxy: proxy.port, certificates: certificate)))
  } catch {
    result = .failure(error)
  }
  try await proxy.stop()
  for server in servers { try await server.stop() }
  try result.get()
}
