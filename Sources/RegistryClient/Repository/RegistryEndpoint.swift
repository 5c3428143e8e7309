import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1

/// A registry or mirror that has answered: where it is and how it is to be asked.
struct RegistryEndpoint: Sendable {
  /// Without `/v2/`.
  let base: RemoteURL
  let isMirror: Bool
  let authorizer: Authorizer
  let transport: HTTPTransport

  /// A request to the registry's API.
  struct Request: Sendable {
    var method: HTTPMethod = .GET
    /// Below `/v2/`.
    var path: String
    var headers = HTTPHeaders()
    /// What a token must be good for; empty for none.
    var scope: String
    var timeout: Duration?
  }

  func url(of path: String) throws -> RemoteURL {
    guard let url = base.appending("/v2/" + path) else {
      throw RegistryFailure(.refusal, .invalid, "\(base)/v2/\(path) is no URL")
    }
    return url
  }

  /// Sends a request with what authorises it. The answer is a success; its body has not been read yet.
  ///
  /// Throws: `RegistryFailure`, `CancellationError`.
  func send(_ request: Request) async throws -> HTTPClientResponse {
    try await send(request, to: try url(of: request.path))
  }

  /// The same, to a URL of this registry that it has named itself.
  func send(_ request: Request, to url: RemoteURL) async throws -> HTTPClientResponse {
    var outgoing = HTTPTransport.Request(
      method: request.method, url: url, headers: request.headers, timeout: request.timeout)
    var isSecondTry = false
    while true {
      let answer = try await authorizer.answer(scope: request.scope)
      if let answer { outgoing.headers.replaceOrAdd(name: "authorization", value: answer.value) }
      let (response, finalURL) = try await transport.send(outgoing)
      if (200..<300).contains(response.status.code) { return response }
      // A refused token may have run out, and a registry may ask only here; what was refused when new stays refused.
      if response.status == .unauthorized, finalURL == url, !isSecondTry, answer.map({ !$0.isFresh }) ?? true {
        isSecondTry = true
        try await authorizer.learn(AuthenticationChallenge.parse(response.headers["www-authenticate"]))
        await authorizer.forget(scope: request.scope)
        if await !authorizer.lacksPassword { continue }
      }
      throw await failure(response, request.method, finalURL)
    }
  }

  private func failure(
    _ response: HTTPClientResponse, _ method: HTTPMethod, _ url: RemoteURL
  ) async -> RegistryFailure {
    if response.status == .unauthorized, await authorizer.lacksPassword {
      let authority = base.authority.port.map { "\(base.authority.host):\($0)" } ?? base.authority.host
      return RegistryFailure(
        .status(401), .unauthorized, "no basic auth credentials", advice: "log in first: apus login \(authority)"
      ).during(method, url)
    }
    return await RegistryFailure.of(response, to: method, url)
  }
}
