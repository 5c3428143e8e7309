public import Logging
public import NIOCore
public import RegistryClient

/// How an engine is set up.
public struct EngineConfiguration: Sendable {
  /// What survives a reboot: images, containers, the database.
  public var dataRoot: String
  /// Where that is unless somebody says otherwise.
  static let usualDataRoot = "/var/lib/apus"
  /// What does not: sockets, bundles, the runtime's state.
  public var execRoot: String
  /// The cgroup below which containers get theirs, in every hierarchy.
  public var cgroupParent = "/apus"
  /// Where `apus-shim` and `apus-runtime` lie.
  public var programDirectory: String
  public var registry: RegistryConfiguration
  /// As given in the configuration, for `info`.
  public var registryMirrors: [String] = []
  public var insecureRegistries: [String] = []
  public var networking = NetworkingConfiguration()
  public var isDebug = false
  public var eventLoops: any EventLoopGroup
  public var logger: Logger

  public init(
    dataRoot: String, execRoot: String, programDirectory: String, registry: RegistryConfiguration,
    eventLoops: any EventLoopGroup, logger: Logger
  ) {
    self.dataRoot = dataRoot
    self.execRoot = execRoot
    self.programDirectory = programDirectory
    self.registry = registry
    self.eventLoops = eventLoops
    self.logger = logger
  }
}
