/// Credentials for one registry (`POST /auth`, and the `X-Registry-Auth` header as base64url).
public struct AuthConfig: Codable, Sendable, Equatable {
  @Present public var username: String = ""
  @Present public var password: String = ""
  /// The registry's host, or Docker Hub's key `https://index.docker.io/v1/`.
  @Present public var serverAddress: String = ""
  /// A refresh token, in place of a password.
  public var identityToken: String?
  /// A bearer token, sent to the registry as it is.
  public var registryToken: String?
  /// `username:password` in base64, as older clients send it.
  public var auth: String?

  public init(
    username: String = "", password: String = "", serverAddress: String = "", identityToken: String? = nil,
    registryToken: String? = nil, auth: String? = nil
  ) {
    self.username = username
    self.password = password
    self.serverAddress = serverAddress
    self.identityToken = identityToken
    self.registryToken = registryToken
    self.auth = auth
  }

  private enum CodingKeys: String, CodingKey {
    case username
    case password
    case serverAddress = "serveraddress"
    case identityToken = "identitytoken"
    case registryToken = "registrytoken"
    case auth
  }
}

/// What `POST /auth` answers.
public struct AuthResponse: Codable, Sendable, Equatable {
  @Present public var status: String = ""
  @Present public var identityToken: String = ""

  public init(status: String = "", identityToken: String = "") {
    self.status = status
    self.identityToken = identityToken
  }

  private enum CodingKeys: String, CodingKey {
    case status = "Status"
    case identityToken = "IdentityToken"
  }
}
