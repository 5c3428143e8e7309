import AsyncHTTPClient
import Diagnostics
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NetworkAddresses
import OCIImageSpec

/// Answers the challenges of one registry with one user's credentials, and keeps the tokens it gets (distribution
/// spec, "Token Authentication Specification").
actor Authorizer {
  /// A value for the `Authorization` header.
  struct Answer: Sendable {
    let value: String
    /// Whether it was made just now: then a refusal is final.
    let isFresh: Bool
  }

  private enum Method {
    case none
    case basic
    case bearer(realm: RemoteURL, service: String)
  }

  private struct Token {
    let value: String
    let expires: ContinuousClock.Instant
  }

  private struct TokenResponse: Decodable {
    let token: String?
    let access_token: String?
    let refresh_token: String?
    let expires_in: Int?
  }

  private let registry: RemoteURL
  private let credentials: RegistryCredentials
  private let transport: HTTPTransport
  private let trustedHosts: Set<String>
  private var method = Method.none
  private var tokens: [String: Token] = [:]

  private static let clientID = "apus"
  private static let answerLimit = 1024 * 1024
  /// A token that does not say is good for this long.
  private static let defaultLifetime = 60
  /// A token is renewed this long before its end.
  private static let slack = Duration.seconds(5)

  init(
    registry: RemoteURL, credentials: RegistryCredentials, transport: HTTPTransport, trustedHosts: Set<String>
  ) {
    self.registry = registry
    self.credentials = credentials
    self.transport = transport
    self.trustedHosts = trustedHosts
  }

  /// Takes note of how the registry wants to be answered. Tokens are preferred to passwords.
  ///
  /// Throws: `RegistryFailure` when it names a token server that may not be asked.
  func learn(_ challenges: [AuthenticationChallenge]) throws {
    for challenge in challenges where challenge.scheme == "bearer" {
      guard let realm = challenge.parameters["realm"], let url = RemoteURL(realm) else {
        throw RegistryFailure(
          .refusal, .unavailable, "the registry \(registry.authority.host) names no valid realm for its tokens")
      }
      try transport.checkStep(from: registry, to: url)
      method = .bearer(realm: url, service: challenge.parameters["service"] ?? "")
      return
    }
    if challenges.contains(where: { $0.scheme == "basic" }) { method = .basic }
  }

  /// What to put into `Authorization`, or nil to go without.
  ///
  /// Throws: `RegistryFailure`, `CancellationError`.
  func answer(scope: String) async throws -> Answer? {
    if !credentials.registryToken.isEmpty {
      return Answer(value: "Bearer \(credentials.registryToken)", isFresh: true)
    }
    switch method {
    case .none: return nil
    case .basic: return credentials.hasPassword ? Answer(value: credentials.basicAuthorization, isFresh: true) : nil
    case .bearer(let realm, let service):
      if let token = tokens[scope], token.expires > .now {
        return Answer(value: "Bearer \(token.value)", isFresh: false)
      }
      let (token, _) = try await fetchToken(realm: realm, service: service, scope: scope, isLogin: false)
      tokens[scope] = token
      return Answer(value: "Bearer \(token.value)", isFresh: true)
    }
  }

  /// Throws away a token that the registry did not take.
  func forget(scope: String) {
    tokens[scope] = nil
  }

  /// Whether the registry wants a password that was not given.
  var lacksPassword: Bool {
    if case .basic = method { !credentials.hasPassword } else { false }
  }

  /// Proves the credentials to the token server, if there is one. Returns a token that stands for the password from
  /// now on, if the server gives such.
  ///
  /// Throws: `RegistryFailure`, `CancellationError`.
  func logIn() async throws -> String? {
    guard case .bearer(let realm, let service) = method else { return nil }
    let (token, refresh) = try await fetchToken(realm: realm, service: service, scope: "", isLogin: true)
    tokens[""] = token
    return refresh
  }

  private func fetchToken(
    realm: RemoteURL, service: String, scope: String, isLogin: Bool
  ) async throws -> (token: Token, refresh: String?) {
    let request = try tokenRequest(realm: realm, service: service, scope: scope, isLogin: isLogin)
    let (response, url) = try await transport.send(request)
    guard response.status == .ok else {
      throw await RegistryFailure.of(response, to: request.method, url)
    }
    let body: ByteBuffer
    do {
      body = try await response.body.collect(upTo: Self.answerLimit)
    } catch {
      if Task.isCancelled { throw CancellationError() }
      throw RegistryFailure.of(error, reaching: url).during(request.method, url)
    }
    guard let answer = try? JSONDecoder().decode(TokenResponse.self, from: Data(body.readableBytesView)),
      let value = [answer.token, answer.access_token].compactMap({ $0 }).first(where: { !$0.isEmpty }),
      !value.contains(where: { $0.isNewline || $0 == " " })
    else {
      throw RegistryFailure(.refusal, .unavailable, "authorization server did not include a token in the response")
        .during(request.method, url)
    }
    let lifetime = Duration.seconds(max(answer.expires_in ?? Self.defaultLifetime, Self.defaultLifetime))
    return (Token(value: value, expires: .now + lifetime - Self.slack), answer.refresh_token)
  }

  private func tokenRequest(
    realm: RemoteURL, service: String, scope: String, isLogin: Bool
  ) throws -> HTTPTransport.Request {
    var parameters = [("service", service), ("scope", scope)].filter { !$0.1.isEmpty }
    if !credentials.identityToken.isEmpty {
      try checkTrust(in: realm)
      parameters += [
        ("grant_type", "refresh_token"), ("refresh_token", credentials.identityToken), ("client_id", Self.clientID),
      ]
      return HTTPTransport.Request(
        method: .POST, url: realm, headers: ["content-type": "application/x-www-form-urlencoded"],
        body: RemoteURL.form(parameters), timeout: .seconds(60))
    }
    var headers = HTTPHeaders()
    if credentials.hasPassword {
      try checkTrust(in: realm)
      headers.add(name: "authorization", value: credentials.basicAuthorization)
      parameters.append(("account", credentials.username))
      if isLogin { parameters += [("offline_token", "true"), ("client_id", Self.clientID)] }
    }
    guard let url = realm.adding(query: parameters) else {
      throw RegistryFailure(.refusal, .unavailable, "the registry's realm \(realm) takes no query")
    }
    return HTTPTransport.Request(url: url, headers: headers, timeout: .seconds(60))
  }

  /// A registry that asks for its users' passwords to be sent elsewhere is not believed, unless that is its own site.
  private func checkTrust(in realm: RemoteURL) throws {
    let host = realm.authority.host
    if realm.isSecure || !registry.isSecure {
      if host == registry.authority.host || trustedHosts.contains(host) { return }
      if Self.areOneSite(host, registry.authority.host) { return }
    }
    throw RegistryFailure(
      .refusal, .unauthorized,
      "the registry \(registry.authority.host) asks for its credentials to be sent to \(realm.withoutQuery), refused",
      advice: "if that is right, name \(host) in trusted-token-hosts")
  }

  /// Whether two hosts are siblings, or one is the other's parent, under a domain that someone owns as a whole:
  /// `registry-1.docker.io` and `auth.docker.io`, `registry.gitlab.com` and `gitlab.com`.
  static func areOneSite(_ one: String, _ other: String) -> Bool {
    guard IPAddress(one) == nil, IPAddress(other) == nil else { return false }
    let common = zip(one.split(separator: ".").reversed(), other.split(separator: ".").reversed())
      .prefix { $0.0 == $0.1 }.map { String($0.0) }
    guard common.count >= 2 else { return false }
    // co.uk, com.au, or.kr: a short name below a country is where registrars sell, not a site.
    let isCountryRegistry = common[0].count == 2 && common[1].count <= 3
    return common.count >= (isCountryRegistry ? 3 : 2)
  }
}
