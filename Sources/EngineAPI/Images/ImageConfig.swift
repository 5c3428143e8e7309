/// The part of a container's configuration that an image can give a default for.
public struct ImageConfig: Codable, Sendable, Equatable {
  @Present public var user: String = ""
  public var exposedPorts: [String: EmptyObject]?
  @Nullable public var env: [String]?
  @CommandWords public var cmd: [String]?
  public var healthcheck: HealthConfig?
  public var argsEscaped: Bool?
  @Nullable public var volumes: [String: EmptyObject]?
  @Present public var workingDir: String = ""
  @CommandWords public var entrypoint: [String]?
  @Nullable public var onBuild: [String]?
  @Nullable public var labels: [String: String]?
  public var stopSignal: String?
  public var shell: [String]?

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case user = "User"
    case exposedPorts = "ExposedPorts"
    case env = "Env"
    case cmd = "Cmd"
    case healthcheck = "Healthcheck"
    case argsEscaped = "ArgsEscaped"
    case volumes = "Volumes"
    case workingDir = "WorkingDir"
    case entrypoint = "Entrypoint"
    case onBuild = "OnBuild"
    case labels = "Labels"
    case stopSignal = "StopSignal"
    case shell = "Shell"
  }
}
