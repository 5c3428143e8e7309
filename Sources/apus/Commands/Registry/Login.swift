import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import LinuxKernel

/// `apus login`
enum LoginCommand {
  static let command = Command(
    CommandSpec(
      "login", usage: "[OPTIONS] [SERVER]",
      "Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.", count: .atMost(1),
      flags: [
        .string("password", "p", "Password or Personal Access Token (PAT)"),
        .bool("password-stdin", "Take the Password or Personal Access Token (PAT) from stdin"),
        .string("username", "u", "Username"),
      ]),
    perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let registry = RegistryKey.key(for: session.arguments.first)
    var credentials = try given(session) ?? AuthConfig()
    if credentials.username.isEmpty, !session.flags.bool("password-stdin"),
      let stored = try session.configuration.credentials(for: registry, session.environment), !stored.username.isEmpty
    {
      try Console.line("Authenticating with existing credentials... [Username: \(stored.username)]")
      credentials = stored
    }
    try ask(for: &credentials)
    credentials.serverAddress = registry
    let answer = try session.client.authenticate(credentials)
    if !answer.identityToken.isEmpty {
      credentials.password = ""
      credentials.identityToken = answer.identityToken
    }
    if try session.configuration.store(credentials, for: registry, session.environment) {
      Console.complain(
        "WARNING! Your credentials are stored unencrypted in the client's config.json; configure a credential helper "
          + "to remove this warning.")
    }
    try Console.line(answer.status.isEmpty ? "Login Succeeded" : answer.status)
    return 0
  }

  /// What the flags give. Throws: kind `invalid` for flags that exclude each other.
  private static func given(_ session: Session) throws -> AuthConfig? {
    let flags = session.flags
    guard flags.bool("password-stdin") else {
      if flags.isSet("password") {
        Console.complain("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
      }
      guard let username = flags.string("username") else { return nil }
      return AuthConfig(username: username, password: flags.string("password") ?? "")
    }
    if flags.isSet("password") {
      throw ClassifiedError(.invalid, "conflicting options: cannot specify both --password and --password-stdin")
    }
    guard let username = flags.string("username"), !username.isEmpty else {
      throw ClassifiedError(.invalid, "the --password-stdin option requires --username to be set")
    }
    let bytes = try StandardStreams.input.descriptor.readAll(limit: 1 << 20)
    return AuthConfig(username: username, password: String(decoding: bytes, as: UTF8.self).trimmingLineEnd)
  }

  private static func ask(for credentials: inout AuthConfig) throws {
    if credentials.identityToken != nil { return }
    if credentials.username.isEmpty { credentials.username = try Prompt.line("Username: ") }
    if credentials.username.isEmpty { throw ClassifiedError(.invalid, "username is required") }
    if credentials.password.isEmpty { credentials.password = try Prompt.secret("Password: ") }
    if credentials.password.isEmpty { throw ClassifiedError(.invalid, "password is required") }
  }
}

/// `apus logout`
enum LogoutCommand {
  static let command = Command(
    CommandSpec(
      "logout", usage: "[SERVER]",
      "Log out from a registry.\nIf no server is specified, the default is defined by the daemon.", count: .atMost(1))
  ) { session in
    let registry = RegistryKey.key(for: session.arguments.first)
    let shown = session.arguments.first ?? registry
    // Said in any case, as Docker's client does: a helper may hold what the file does not name.
    try Console.line("Removing login credentials for \(shown)")
    try session.configuration.erase(registry, session.environment)
    return 0
  }
}

/// The key of a registry's credentials.
private enum RegistryKey {
  static func key(for server: String?) -> String {
    guard let server, !server.isEmpty, server != "docker.io", server != "index.docker.io" else {
      return ImageName.hubKey
    }
    if server == ImageName.hubKey { return server }
    var host = server[...]
    for scheme in ["https://", "http://"] where host.hasPrefix(scheme) { host = host.dropFirst(scheme.count) }
    return String(host.prefix { $0 != "/" })
  }
}
