import Diagnostics
import NIOHTTP1
import OCIImageSpec
@testable import RegistryClient
import Testing

/// What a broken connection or a hostile registry may send, and what then is in the sink.
@Suite struct VerificationTests {
  private let registry: FakeRegistry
  private let layer: Descriptor
  private let bytes: [UInt8]

  init() throws {
    registry = try FakeRegistry(layerSizes: [300_000])
    layer = registry.manifest.layers[0]
    bytes = registry.layers[0]
  }

  private func fetch(resuming there: Int64 = 0, into sink: RecordingSink, stall: Duration? = nil)
    async throws
  {
    try await withRegistry(registry) { host in
      var configuration = try RegistryConfiguration.forTests()
      if let stall { configuration.stallTimeout = stall }
      try await configuration.client().withRepository(of: ImageReference("\(host)/x")) { repository in
        try await repository.fetchBlob(layer, resuming: there, into: sink)
      }
    }
  }

  @Test(arguments: [0, 1, 100_000, 299_999])
  func resumesWhereItBrokeOff(_ count: Int) async throws {
    registry.fail(2, where: "/blobs/") { $0.ending = .closed(after: count) }
    let sink = RecordingSink()
    try await fetch(into: sink)
    #expect(sink.bytes == bytes)
    #expect(sink.restarts == 0)
    #expect(sink.retries >= 1)
    // Both times it broke off, the last bytes may have been lost with the connection.
    for range in registry.seen("/blobs/").dropFirst().flatMap({ $0.headers["range"] }) {
      #expect(try #require(Int(range.dropFirst("bytes=".count).dropLast())) <= 2 * count)
    }
  }

  @Test func resumesWhereItStoodStill() async throws {
    registry.fail(1, where: "/blobs/") { $0.ending = .silent(after: 1000) }
    let sink = RecordingSink()
    try await fetch(into: sink, stall: .seconds(3))
    #expect(sink.bytes == bytes)
  }

  @Test func managesWithoutRanges() async throws {
    registry.twist { request, regular in
      guard request.target.contains("/blobs/") else { return nil }
      var response = regular
      if request.headers.contains(name: "range") {
        response = ScriptedResponse(body: self.bytes)
      } else {
        response.ending = .closed(after: 70_000)
      }
      return response
    }
    let sink = RecordingSink()
    try await fetch(into: sink)
    #expect(sink.bytes == bytes)
  }

  @Test func goesOnWithWhatIsThere() async throws {
    let sink = RecordingSink(Array(bytes.prefix(200_000)))
    try await fetch(resuming: 200_000, into: sink)
    #expect(sink.bytes == bytes)
    #expect(registry.seen("/blobs/").map { $0.headers["range"] } == [["bytes=200000-"]])
  }

  @Test func doesNotTrustWhatIsThere() async throws {
    let junk = [UInt8](repeating: 7, count: 1000)
    let sink = RecordingSink(junk)
    try await fetch(resuming: 1000, into: sink)
    #expect(sink.bytes == bytes)
    #expect(sink.restarts == 1)
  }

  @Test func refusesOtherBytes() async throws {
    registry.fail(.max, where: "/blobs/") { $0.body[5] ^= 1 }
    await expectError(.dataLoss, containing: "filesystem layer verification failed for digest \(layer.digest)") {
      try await fetch(into: RecordingSink())
    }
  }

  @Test(arguments: [true, false])
  func refusesMoreBytes(_ hasLength: Bool) async throws {
    registry.fail(.max, where: "/blobs/") { response in
      response.body.append(1)
      response.hasLength = hasLength
    }
    let sink = RecordingSink()
    await expectError(.dataLoss, containing: layer.digest.description) { try await fetch(into: sink) }
    #expect(sink.bytes.count <= bytes.count)
  }

  @Test(arguments: [true, false])
  func refusesFewerBytes(_ hasLength: Bool) async throws {
    registry.twist { request, regular in
      guard request.target.contains("/blobs/") else { return nil }
      if request.headers.contains(name: "range") { return ScriptedResponse(status: .rangeNotSatisfiable) }
      var response = regular
      response.body.removeLast(10)
      response.hasLength = hasLength
      return response
    }
    await expectError(.dataLoss, containing: layer.digest.description) { try await fetch(into: RecordingSink()) }
  }

  @Test func refusesAnotherPart() async throws {
    registry.twist { request, regular in
      guard request.target.contains("/blobs/") else { return nil }
      var response = regular
      if request.headers.contains(name: "range") {
        response.headers.replaceOrAdd(name: "content-range", value: "bytes 0-9/10")
      } else {
        response.ending = .closed(after: 10)
      }
      return response
    }
    await expectError(.dataLoss, containing: "another part") { try await fetch(into: RecordingSink()) }
  }

  @Test func givesUpInTheEnd() async throws {
    registry.fail(.max, where: "/blobs/") { $0.ending = .closed(after: 0) }
    await expectError(.unavailable, containing: "") { try await fetch(into: RecordingSink()) }
    #expect(registry.seen("/blobs/").count == RetryPolicy().attempts)
  }

  enum ManifestFault: CaseIterable {
    case otherBytes, otherHeader, noHeader, malformedHeader, tooLong, otherType, notJSON
  }

  @Test(arguments: ManifestFault.allCases)
  func verifiesManifests(_ fault: ManifestFault) async throws {
    registry.fail(.max, where: "/manifests/") { response in
      switch fault {
      case .otherBytes: response.body.append(UInt8(ascii: " "))
      case .otherHeader: response.headers.replaceOrAdd(name: "docker-content-digest", value: Digest.of([]).description)
      case .noHeader: response.headers.remove(name: "docker-content-digest")
      case .malformedHeader: response.headers.replaceOrAdd(name: "docker-content-digest", value: "sha256:../x")
      case .tooLong: response = ScriptedResponse(body: Array(repeating: 32, count: 5 * 1024 * 1024))
      case .otherType: response.headers.replaceOrAdd(name: "content-type", value: MediaType.dockerIndex.rawValue)
      case .notJSON: response = ScriptedResponse(body: Array("<html>".utf8))
      }
    }
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      if fault == .noHeader {
        try await #expect(pull("\(host)/x", with: client) == registry.layers)
      } else {
        let error = await #expect(throws: ClassifiedError.self) { try await pull("\(host)/x", with: client) }
        #expect(error?.kind == .dataLoss || error?.kind == .invalid, "\(String(describing: error))")
      }
    }
  }

  @Test func pinsTheDigestAskedFor() async throws {
    let other = try FakeRegistry(layerSizes: [1])
    registry.twist { request, regular in
      guard request.target.contains("/manifests/") else { return nil }
      var response = regular
      response = ScriptedResponse(status: .ok, body: other.manifestBytes)
      return response
    }
    try await withRegistry(registry) { host in
      let client = try RegistryConfiguration.forTests().client()
      let digest = Digest.of(registry.manifestBytes)
      await expectError(.dataLoss, containing: "manifest verification failed for digest \(digest)") {
        try await pull("\(host)/x@\(digest)", with: client)
      }
    }
  }
}
