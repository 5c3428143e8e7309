/// Credentials for one registry (`POST /auth`, and the `X-Registry-Auth` header as base64url).
public struct AuthConfig: APIObject, Equatable {
  public var username: String = ""
  public var password: String = ""
  /// The registry's host, or Docker Hub's key `https://index.docker.io/v1/`.
  public var serverAddress: String = ""
  /// A refresh token, in place of a password.
  public var identityToken: String?
  /// A bearer token, sent to the registry as it is.
  public var registryToken: String?
  /// `username:password` in base64, as older clients send it.
  public var auth: String?

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("username", &username)
    try object.present("password", &password)
    try object.present("serveraddress", &serverAddress)
    try object.optional("identitytoken", &identityToken)
    try object.optional("registrytoken", &registryToken)
    try object.optional("auth", &auth)
  }
}

/// What `POST /auth` answers.
public struct AuthResponse: APIObject, Equatable {
  public var status: String = ""
  public var identityToken: String = ""

  public init() {}

  public init(status: String = "", identityToken: String = "") {
    self.status = status
    self.identityToken = identityToken
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Status", &status)
    try object.present("IdentityToken", &identityToken)
  }
}
