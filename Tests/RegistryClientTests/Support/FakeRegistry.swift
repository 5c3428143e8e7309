import NIOCore
import NIOHTTP1
import NIOSSL
import OCIImageSpec
import Synchronization

/// A registry in this process, with one image of a few layers, that can be told to misbehave.
final class FakeRegistry: Sendable {
  enum Authentication: Sendable {
    case none
    case basic(String, String)
    /// Tokens from this realm; the fake itself serves `/token` for any name with the password `secret`.
    case bearer(realm: String)
  }

  /// Replaces the regular answer to a request when it returns one.
  typealias Twist = @Sendable (SeenRequest, _ regular: ScriptedResponse) -> ScriptedResponse?

  static let token = "a-token"

  let layers: [[UInt8]]
  let configuration = Array(#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers"}}"#.utf8)
  let manifestBytes: [UInt8]
  let manifest: Manifest
  private let authentication: Authentication
  private let requests = Mutex<[SeenRequest]>([])
  private let twist = Mutex<Twist?>(nil)

  init(layerSizes: [Int] = [100_000], authentication: Authentication = .none) throws {
    layers = layerSizes.enumerated().map { number, size in
      (0..<size).map { UInt8(truncatingIfNeeded: ($0 * 31) ^ ($0 >> 8) ^ number) }
    }
    manifest = Manifest(
      configuration: Descriptor(
        mediaType: .ociConfiguration, digest: .of(configuration), size: Int64(configuration.count)),
      layers: layers.map { Descriptor(mediaType: .ociLayer, digest: .of($0), size: Int64($0.count)) })
    manifestBytes = try JSONDocument.encode(manifest)
    self.authentication = authentication
  }

  var seen: [SeenRequest] { requests.withLock { $0 } }

  func seen(_ part: String) -> [SeenRequest] { seen.filter { $0.target.contains(part) } }

  func twist(_ twist: @escaping Twist) {
    self.twist.withLock { $0 = twist }
  }

  /// Answers so many requests whose target contains a text otherwise than regularly.
  func fail(_ times: Int, where part: String, _ change: @escaping @Sendable (inout ScriptedResponse) -> Void) {
    let left = Mutex(times)
    twist { request, regular in
      guard request.target.contains(part),
        left.withLock({
          $0 -= 1; return $0 >= 0
        })
      else { return nil }
      var response = regular
      change(&response)
      return response
    }
  }

  @Sendable func answer(_ request: SeenRequest) -> ScriptedResponse {
    requests.withLock { $0.append(request) }
    let regular = regularAnswer(request)
    return twist.withLock { $0 }?(request, regular) ?? regular
  }

  private func regularAnswer(_ request: SeenRequest) -> ScriptedResponse {
    if request.path == "/token" { return tokenAnswer(request) }
    if let challenge = challenge(request) {
      return ScriptedResponse(status: .unauthorized, headers: ["www-authenticate": challenge])
    }
    let parts = request.path.split(separator: "/").map(String.init)
    if request.path.hasSuffix("/v2/") { return ScriptedResponse(body: Array("{}".utf8)) }
    switch (parts[parts.count - 2], parts[parts.count - 1]) {
    case ("manifests", "latest"), ("manifests", Digest.of(manifestBytes).description):
      return ScriptedResponse(
        headers: [
          "content-type": MediaType.ociManifest.rawValue,
          "docker-content-digest": Digest.of(manifestBytes).description,
        ], body: manifestBytes)
    case ("manifests", _): return error(.notFound, "MANIFEST_UNKNOWN", "manifest unknown")
    case ("blobs", let digest):
      guard let blob = (layers + [configuration]).first(where: { Digest.of($0).description == digest }) else {
        return error(.notFound, "BLOB_UNKNOWN", "blob unknown to registry")
      }
      return part(of: blob, request)
    default: return error(.notFound, "NAME_UNKNOWN", "repository name not known to registry")
    }
  }

  func error(_ status: HTTPResponseStatus, _ code: String, _ message: String) -> ScriptedResponse {
    ScriptedResponse(status: status, body: Array(#"{"errors":[{"code":"\#(code)","message":"\#(message)"}]}"#.utf8))
  }

  private func part(of blob: [UInt8], _ request: SeenRequest) -> ScriptedResponse {
    guard let range = request.headers.first(name: "range"),
      let start = Int(range.dropFirst("bytes=".count).dropLast())
    else { return ScriptedResponse(body: blob) }
    guard start < blob.count else { return ScriptedResponse(status: .rangeNotSatisfiable) }
    return ScriptedResponse(
      status: .partialContent, headers: ["content-range": "bytes \(start)-\(blob.count - 1)/\(blob.count)"],
      body: Array(blob[start...]))
  }

  private func challenge(_ request: SeenRequest) -> String? {
    switch authentication {
    case .none: nil
    case .basic(let name, let password):
      request.authorization == basic(name, password) ? nil : #"Basic realm="fake""#
    case .bearer(let realm):
      request.authorization == "Bearer \(Self.token)" ? nil : #"Bearer realm="\#(realm)",service="fake""#
    }
  }

  private func tokenAnswer(_ request: SeenRequest) -> ScriptedResponse {
    let isRefused = request.authorization.map { !$0.hasPrefix("Basic") || $0 == basic("me", "wrong") } ?? false
    if isRefused { return error(.unauthorized, "UNAUTHORIZED", "incorrect username or password") }
    return ScriptedResponse(body: Array(#"{"token":"\#(Self.token)","expires_in":300,"refresh_token":"again"}"#.utf8))
  }
}

func basic(_ name: String, _ password: String) -> String {
  "Basic " + base64("\(name):\(password)")
}

func base64(_ text: String) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  let bytes = Array(text.utf8)
  var result = ""
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
    for digit in 0..<4 {
      result.append(digit <= group.count ? alphabet[bits >> (18 - 6 * digit) & 63] : "=")
    }
  }
  return result
}
