import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import JSON
import LinuxKernel

/// The client's `config.json`, which Docker's client reads and writes too: what we do not know in it stays as it is.
struct ClientConfiguration {
  private let directory: String
  private var path: String { "\(directory)/config.json" }

  init(directory: String) {
    self.directory = directory
  }

  // MARK: - Preferences

  /// A list's template, such as `psFormat`. A damaged file has none: commands work without it.
  func format(_ name: String) -> String? {
    (try? read())?[name]?.stringValue
  }

  var detachKeys: String? { format("detachKeys") }

  // MARK: - Credentials

  /// What is stored for a registry, in a helper's keeping or in the file; nil when there is nothing.
  ///
  /// Throws: kind `invalid` for a damaged file, `system` for a helper that fails.
  func credentials(for registry: String, _ environment: ProcessEnvironment) throws -> AuthConfig? {
    let root = try read()
    if let helper = helper(for: registry, root, environment) { return try helper.get(registry) }
    guard let entry = root["auths"]?.member(named: registry) else { return nil }
    var credentials = AuthConfig(serverAddress: registry)
    credentials.identityToken = entry["identitytoken"]?.stringValue
    credentials.registryToken = entry["registrytoken"]?.stringValue
    if let auth = entry["auth"]?.stringValue, !auth.isEmpty {
      guard let bytes = Base64.decode(auth),
        case let parts = String(decoding: bytes, as: UTF8.self).split(
          separator: ":", maxSplits: 1, omittingEmptySubsequences: false), parts.count == 2
      else { throw ClassifiedError(.invalid, "invalid auth configuration for \(registry)", object: path) }
      credentials.username = String(parts[0])
      credentials.password = String(parts[1])
    }
    return credentials
  }

  /// Stores credentials. Returns whether they are in the file itself, readable for whoever may read it.
  func store(_ credentials: AuthConfig, for registry: String, _ environment: ProcessEnvironment) throws -> Bool {
    let root = try read()
    if let helper = helper(for: registry, root, environment) {
      try helper.store(credentials, for: registry)
      // An empty entry says that there are credentials, wherever they are.
      try write(root.replacing("auths", with: (root["auths"] ?? .object([])).replacing(registry, with: .object([]))))
      return false
    }
    let pair = "\(credentials.username):\(credentials.password)"
    var entry: [(String, JSONValue)] = [("auth", .string(Base64.encode(pair.utf8)))]
    if let token = credentials.identityToken, !token.isEmpty {
      entry = [
        ("auth", .string(Base64.encode("\(credentials.username):".utf8))),
        ("identitytoken", .string(token)),
      ]
    }
    let auths = (root["auths"] ?? .object([])).replacing(registry, with: .members(entry))
    try write(root.replacing("auths", with: auths))
    return true
  }

  /// Removes credentials, if there are any.
  func erase(_ registry: String, _ environment: ProcessEnvironment) throws {
    let root = try read()
    if let helper = helper(for: registry, root, environment) { try helper.erase(registry) }
    if let auths = root["auths"], auths.member(named: registry) != nil {
      try write(root.replacing("auths", with: auths.replacing(registry, with: nil)))
    }
  }

  private func helper(
    for registry: String, _ root: JSONValue, _ environment: ProcessEnvironment
  ) -> CredentialHelper? {
    let name = root["credHelpers"]?.member(named: registry)?.stringValue ?? root["credsStore"]?.stringValue
    guard let name, !name.isEmpty else { return nil }
    return CredentialHelper(name: name, environment: environment)
  }

  // MARK: - The file

  private func read() throws -> JSONValue {
    guard let bytes = try HostFiles.readIfPresent(path), !bytes.isEmpty else { return .object([]) }
    do throws(JSONSyntaxError) {
      return try JSONValue(parsing: bytes)
    } catch {
      throw ClassifiedError(.invalid, "cannot read the client's configuration: \(error.description)", object: path)
    }
  }

  private func write(_ root: JSONValue) throws {
    try HostFiles.makeDirectories(directory, permissions: 0o700)
    try HostFiles.replace(path, with: Array(root.indented(by: "\t").utf8), permissions: 0o600)
  }
}

extension JSONValue {
  /// The member of exactly that name.
  fileprivate func member(named name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// An object with a member set, or taken away when the value is nil.
  fileprivate func replacing(_ name: String, with value: JSONValue?) -> JSONValue {
    guard case .object(var members) = self else { return self }
    let position = members.firstIndex { $0.name == name }
    switch (position, value) {
    case (let position?, let value?): members[position] = Member(name, value)
    case (let position?, nil): members.remove(at: position)
    case (nil, let value?): members.append(Member(name, value))
    case (nil, nil): break
    }
    return .object(members)
  }
}
