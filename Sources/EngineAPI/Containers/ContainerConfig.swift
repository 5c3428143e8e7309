/// What a container runs: the portable half of its configuration.
public struct ContainerConfig: Codable, Sendable, Equatable, ZeroValue {
  @Present public var hostname: String = ""
  @Present public var domainname: String = ""
  @Present public var user: String = ""
  @Present public var attachStdin: Bool = false
  @Present public var attachStdout: Bool = false
  @Present public var attachStderr: Bool = false
  /// Keys are `port/protocol`.
  public var exposedPorts: [String: EmptyObject]?
  @Present public var tty: Bool = false
  @Present public var openStdin: Bool = false
  /// Close standard input when the first attached client goes.
  @Present public var stdinOnce: Bool = false
  /// `NAME=value`; a `NAME` alone takes the variable away.
  @Nullable public var env: [String]?
  @CommandWords public var cmd: [String]?
  public var healthcheck: HealthConfig?
  public var argsEscaped: Bool?
  @Present public var image: String = ""
  /// Keys are paths in the container; each gets an anonymous volume.
  @Nullable public var volumes: [String: EmptyObject]?
  @Present public var workingDir: String = ""
  @CommandWords public var entrypoint: [String]?
  public var networkDisabled: Bool?
  public var macAddress: String?
  @Nullable public var onBuild: [String]?
  @Nullable public var labels: [String: String]?
  /// A name or number; nil: SIGTERM.
  public var stopSignal: String?
  /// Seconds until SIGKILL; nil: 10, -1: never.
  public var stopTimeout: Int?
  public var shell: [String]?

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case hostname = "Hostname"
    case domainname = "Domainname"
    case user = "User"
    case attachStdin = "AttachStdin"
    case attachStdout = "AttachStdout"
    case attachStderr = "AttachStderr"
    case exposedPorts = "ExposedPorts"
    case tty = "Tty"
    case openStdin = "OpenStdin"
    case stdinOnce = "StdinOnce"
    case env = "Env"
    case cmd = "Cmd"
    case healthcheck = "Healthcheck"
    case argsEscaped = "ArgsEscaped"
    case image = "Image"
    case volumes = "Volumes"
    case workingDir = "WorkingDir"
    case entrypoint = "Entrypoint"
    case networkDisabled = "NetworkDisabled"
    case macAddress = "MacAddress"
    case onBuild = "OnBuild"
    case labels = "Labels"
    case stopSignal = "StopSignal"
    case stopTimeout = "StopTimeout"
    case shell = "Shell"
  }
}

/// How a container's health is probed. Times are in nanoseconds; 0: inherited.
/// Empty: inherited; `["NONE"]`: off; `["CMD", …]`; `["CMD-SHELL", command]`.
public struct HealthConfig: Codable, Sendable, Equatable {
  public var test: [String]?
  public var interval: Int64?
  public var timeout: Int64?
  public var startPeriod: Int64?
  public var startInterval: Int64?
  public var retries: Int?

  public init(
    test: [String]? = nil, interval: Int64? = nil, timeout: Int64? = nil, startPeriod: Int64? = nil,
    startInterval: Int64? = nil, retries: Int? = nil
  ) {
    self.test = test
    self.interval = interval
    self.timeout = timeout
    self.startPeriod = startPeriod
    self.startInterval = startInterval
    self.retries = retries
  }

  private enum CodingKeys: String, CodingKey {
    case test = "Test"
    case interval = "Interval"
    case timeout = "Timeout"
    case startPeriod = "StartPeriod"
    case startInterval = "StartInterval"
    case retries = "Retries"
  }
}
