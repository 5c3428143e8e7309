public import CommandLine
import Diagnostics
public import Engine
public import Logging
public import RegistryClient

/// All that is configured, from the flags and the configuration file, checked.
public struct ServerSettings: Sendable {
  public let configurationFile: String
  public let configurationIsRequired: Bool
  public let dataRoot: String
  public let execRoot: String
  public let pidFile: String
  public let cgroupParent: String
  public let addresses: [ListenAddress]
  /// The name of the group that may use the unix socket.
  public let group: String?
  public let registryMirrors: [String]
  public let insecureRegistries: [String]
  public let registry: RegistryConfiguration
  public let networking: NetworkingConfiguration
  public let verbosity: Verbosity

  /// How much is logged: what a reload can change.
  public struct Verbosity: Sendable, Equatable {
    public let isDebug: Bool
    public let level: Logger.Level
  }

  /// Throws: `ClassifiedError` that names the flag or key at fault.
  public init(_ flags: FlagValues, environment: [String: String]) throws {
    configurationFile = flags.string("config-file") ?? ""
    configurationIsRequired = flags.isSet("config-file")
    let file = try ConfigurationFile(at: configurationFile, isRequired: configurationIsRequired)
    try file.requireNoConflict(with: flags)

    dataRoot = try Self.path("data-root", flags, file)
    execRoot = try Self.path("exec-root", flags, file)
    pidFile = file.text("pidfile") ?? flags.string("pidfile") ?? "\(execRoot)/apusd.pid"
    cgroupParent = file.text("cgroup-parent") ?? flags.string("cgroup-parent") ?? "/apus"
    guard cgroupParent.hasPrefix("/"), cgroupParent != "/" else {
      throw ClassifiedError(
        .unsupported, "only a cgroup path is supported, not a slice of systemd",
        object: "--cgroup-parent \(cgroupParent)",
        advice: "write it as /name")
    }
    group = (file.text("group") ?? flags.string("group")).flatMap { $0.isEmpty ? nil : $0 }
    addresses = try Self.addresses(flags, file, execRoot: execRoot)
    verbosity = try Self.verbosity(flags, file)
    networking = try NetworkSettings(flags, file).configuration()

    registryMirrors = file.list("registry-mirrors") ?? flags.strings("registry-mirror")
    insecureRegistries = file.list("insecure-registries") ?? flags.strings("insecure-registry")
    registry = try Self.registry(
      mirrors: registryMirrors, insecure: insecureRegistries, flags, file, environment: environment)
  }

  private static func registry(
    mirrors: [String], insecure: [String], _ flags: FlagValues, _ file: ConfigurationFile,
    environment: [String: String]
  ) throws -> RegistryConfiguration {
    let downloads = file.integer("max-concurrent-downloads") ?? flags.integer("max-concurrent-downloads") ?? 3
    guard (1...256).contains(downloads) else {
      throw ClassifiedError(.invalid, "must be from 1 to 256: \(downloads)", object: "max-concurrent-downloads")
    }
    let proxies = ProxySettings(
      http: file.proxy("http-proxy"), https: file.proxy("https-proxy"), exceptions: file.proxy("no-proxy"))
    var registry = try RegistryConfiguration(
      mirrors: mirrors, insecureRegistries: insecure,
      trustedTokenHosts: file.list("trusted-token-hosts") ?? flags.strings("trusted-token-host"),
      proxies: proxies.falling(backOn: ProxySettings(environment: environment)))
    registry.maximumDownloads = Int(downloads)
    return registry
  }

  private static func path(_ name: String, _ flags: FlagValues, _ file: ConfigurationFile) throws -> String {
    let path = file.text(name) ?? flags.string(name) ?? ""
    guard path.hasPrefix("/"), path != "/" else {
      throw ClassifiedError(.invalid, "must be an absolute path and not the root: \(path)", object: name)
    }
    return path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// Listening beyond this machine without TLS gives root to whoever can reach the port, so it has to be said twice.
  private static func addresses(
    _ flags: FlagValues, _ file: ConfigurationFile, execRoot: String
  ) throws -> [ListenAddress] {
    let tls = file.bool("tls") ?? (flags.isSet("tls") ? flags.bool("tls") : nil)
    if tls == true {
      throw ClassifiedError(.unsupported, "TLS is not supported yet", object: "--tls", advice: "use unix:// or ssh")
    }
    let socket = "\(execRoot)/apus.sock"
    let hosts = file.list("hosts") ?? flags.strings("host")
    let addresses = try (hosts.isEmpty ? ["unix://"] : hosts).map { try ListenAddress($0, defaultSocket: socket) }
    for address in addresses where !address.isLocal && tls == nil {
      throw ClassifiedError(
        .forbidden, "anyone who can reach this address would be root here", object: address.description,
        advice: "listen on tcp://127.0.0.1, or say --tls=false to do it all the same")
    }
    return addresses
  }

  /// Also read again on a reload.
  public static func verbosity(_ flags: FlagValues, _ file: ConfigurationFile) throws -> Verbosity {
    let isDebug = file.bool("debug") ?? flags.bool("debug")
    let name = file.text("log-level") ?? flags.string("log-level") ?? "info"
    let level: Logger.Level
    switch name {
    case "debug", "trace", "info", "error": level = Logger.Level(rawValue: name) ?? .info
    case "warn", "warning": level = .warning
    case "fatal", "panic": level = .critical
    default: throw ClassifiedError(.invalid, "unknown log level: \(name)", object: "log-level")
    }
    return Verbosity(isDebug: isDebug, level: isDebug ? min(level, .debug) : level)
  }
}
