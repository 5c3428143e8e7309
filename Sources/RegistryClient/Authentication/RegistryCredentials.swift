import Diagnostics
import FoundationEssentials

/// What a user has to show to a registry, as in the `X-Registry-Auth` header and the body of `POST /auth`.
public struct RegistryCredentials: Sendable, Hashable {
  public var username: String
  public var password: String
  public var serverAddress: String
  /// A refresh token that is exchanged for access tokens, instead of a password.
  public var identityToken: String
  /// An access token that is sent as it is.
  public var registryToken: String

  public init(
    username: String = "", password: String = "", serverAddress: String = "", identityToken: String = "",
    registryToken: String = ""
  ) {
    self.username = username
    self.password = password
    self.serverAddress = serverAddress
    self.identityToken = identityToken
    self.registryToken = registryToken
  }

  /// Reads the value of an `X-Registry-Auth` header: JSON in base64url. An empty value means no credentials.
  ///
  /// Throws: `ClassifiedError` of kind `invalid`.
  public init(header: String) throws {
    var base64 = header.replacing("-", with: "+").replacing("_", with: "/").filter { $0 != "=" }
    base64 += String(repeating: "=", count: (4 - base64.count % 4) % 4)
    guard let data = Data(base64Encoded: base64) else {
      throw ClassifiedError(.invalid, "invalid X-Registry-Auth header: it must be a valid base64url encoded string")
    }
    guard !data.isEmpty else {
      self.init()
      return
    }
    do {
      self = try JSONDecoder().decode(RegistryCredentials.self, from: data)
    } catch {
      throw ClassifiedError(.invalid, "invalid X-Registry-Auth header: it holds no valid JSON")
    }
  }

  public var isEmpty: Bool {
    username.isEmpty && password.isEmpty && identityToken.isEmpty && registryToken.isEmpty
  }

  var hasPassword: Bool { !username.isEmpty && !password.isEmpty }

  /// The value of an `Authorization` header (RFC 7617).
  var basicAuthorization: String {
    "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
  }
}

extension RegistryCredentials: Codable {
  private enum CodingKeys: String, CodingKey {
    case username, password, auth
    case serverAddress = "serveraddress"
    case identityToken = "identitytoken"
    case registryToken = "registrytoken"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String { try container.decodeIfPresent(String.self, forKey: key) ?? "" }
    self.init(
      username: try text(.username), password: try text(.password), serverAddress: try text(.serverAddress),
      identityToken: try text(.identityToken), registryToken: try text(.registryToken))
    // `auth` is how config.json keeps the pair: base64 of name:password.
    guard username.isEmpty, let data = Data(base64Encoded: try text(.auth)) else { return }
    let pair = String(decoding: data, as: UTF8.self).split(separator: ":", maxSplits: 1)
    guard pair.count == 2 else { return }
    username = String(pair[0])
    password = String(pair[1])
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    for (key, value) in [
      (CodingKeys.username, username), (.password, password), (.serverAddress, serverAddress),
      (.identityToken, identityToken), (.registryToken, registryToken),
    ] where !value.isEmpty {
      try container.encode(value, forKey: key)
    }
  }
}

extension RegistryCredentials: CustomStringConvertible {
  /// Without the secrets, so that they cannot end up in a log.
  public var description: String { isEmpty ? "no credentials" : "credentials of \(username) for \(serverAddress)" }
}
