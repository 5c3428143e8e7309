import Diagnostics
import EngineAPI
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A request on its way to a route.
struct Request: Sendable {
  let method: HTTPMethod
  /// The version that the client speaks: the path's, or ours when it names none.
  let version: APIVersion
  let query: Query
  let headers: HTTPHeaders
  /// What stood in the path where the route has `{name}`.
  let parameters: [String: String]
  let body: RequestBody

  /// A part of the path. The route has it, or it would not have matched.
  func parameter(_ name: String) -> String { parameters[name] ?? "" }

  /// The body as JSON; an empty one reads as the type's defaults.
  ///
  /// Throws: kind `invalid`, naming the field that does not fit; kind `unsupported` for a compressed body.
  func document<Value: APIObject>(_ type: Value.Type) async throws -> Value {
    if let encoding = headers.first(name: "content-encoding"), encoding.lowercased() != "identity" {
      throw ClassifiedError(.unsupported, "content encoding \(encoding) is not supported for JSON bodies")
    }
    let body = try await body.collect(limit: RequestBody.documentLimit)
    if body.readableBytes > 0 { try requireJSON() }
    let data = body.readableBytes > 0 ? Data(body.readableBytesView) : Data("{}".utf8)
    do {
      return try EngineJSON.decode(type, from: data)
    } catch {
      throw ClassifiedError(.invalid, "invalid JSON: \(error)")
    }
  }

  /// A web page can post forms to a server on loopback without asking anyone, but not JSON.
  private func requireJSON() throws {
    guard let type = headers.first(name: "content-type"), !type.isEmpty else { return }
    let mediaType = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    guard mediaType == "application/json" else {
      throw ClassifiedError(
        .invalid, "unsupported Content-Type header (\(type)): must be 'application/json'")
    }
  }

  /// The credentials of `X-Registry-Auth`: base64 of JSON, in either alphabet, with or without padding.
  func registryCredentials() throws -> AuthConfig? {
    guard let header = headers.first(name: "x-registry-auth"), !header.isEmpty else { return nil }
    var text = header.replacing("-", with: "+").replacing("_", with: "/").filter { $0 != "=" }
    text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: text), let credentials = try? EngineJSON.decode(AuthConfig.self, from: data)
    else { throw ClassifiedError(.invalid, "the header X-Registry-Auth does not hold base64 of JSON") }
    return credentials == AuthConfig() ? nil : credentials
  }
}
