/// `GET /containers/{id}/json`. Times are RFC 3339 with nanoseconds.
public struct ContainerInspect: Codable, Sendable, Equatable {
  @Present public var id: String = ""
  @Present public var created: String = ""
  /// The program and its arguments, as started.
  @Present public var path: String = ""
  @Present public var args: [String] = []
  @Present public var state: ContainerState = ContainerState()
  /// The image's id.
  @Present public var image: String = ""
  @Present public var resolvConfPath: String = ""
  @Present public var hostnamePath: String = ""
  @Present public var hostsPath: String = ""
  @Present public var logPath: String = ""
  /// Starts with `/`.
  @Present public var name: String = ""
  @Present public var restartCount: Int = 0
  @Present public var driver: String = ""
  @Present public var platform: String = "linux"
  @Present public var mountLabel: String = ""
  @Present public var processLabel: String = ""
  @Present public var appArmorProfile: String = ""
  @Nullable public var execIDs: [String]?
  @Present public var hostConfig: HostConfig = HostConfig()
  @Present public var graphDriver: DriverData = DriverData()
  /// Bytes of the writable layer, when asked for.
  public var sizeRw: Int64?
  /// Bytes of the whole root filesystem, when asked for.
  public var sizeRootFs: Int64?
  @Present public var mounts: [MountPoint] = []
  @Present public var config: ContainerConfig = ContainerConfig()
  @Present public var networkSettings: NetworkSettings = NetworkSettings()

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case created = "Created"
    case path = "Path"
    case args = "Args"
    case state = "State"
    case image = "Image"
    case resolvConfPath = "ResolvConfPath"
    case hostnamePath = "HostnamePath"
    case hostsPath = "HostsPath"
    case logPath = "LogPath"
    case name = "Name"
    case restartCount = "RestartCount"
    case driver = "Driver"
    case platform = "Platform"
    case mountLabel = "MountLabel"
    case processLabel = "ProcessLabel"
    case appArmorProfile = "AppArmorProfile"
    case execIDs = "ExecIDs"
    case hostConfig = "HostConfig"
    case graphDriver = "GraphDriver"
    case sizeRw = "SizeRw"
    case sizeRootFs = "SizeRootFs"
    case mounts = "Mounts"
    case config = "Config"
    case networkSettings = "NetworkSettings"
  }
}

/// How a container is doing.
/// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
public struct ContainerState: Codable, Sendable, Equatable, ZeroValue {
  @Present public var status: String = ""
  @Present public var running: Bool = false
  @Present public var paused: Bool = false
  @Present public var restarting: Bool = false
  @Present public var oomKilled: Bool = false
  @Present public var dead: Bool = false
  /// 0 when it does not run.
  @Present public var pid: Int = 0
  @Present public var exitCode: Int = 0
  /// Why the last start failed.
  @Present public var error: String = ""
  @Present public var startedAt: String = "0001-01-01T00:00:00Z"
  @Present public var finishedAt: String = "0001-01-01T00:00:00Z"
  public var health: Health?

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case status = "Status"
    case running = "Running"
    case paused = "Paused"
    case restarting = "Restarting"
    case oomKilled = "OOMKilled"
    case dead = "Dead"
    case pid = "Pid"
    case exitCode = "ExitCode"
    case error = "Error"
    case startedAt = "StartedAt"
    case finishedAt = "FinishedAt"
    case health = "Health"
  }
}

/// What the health probes found.
/// `none`, `starting`, `healthy` or `unhealthy`.
public struct Health: Codable, Sendable, Equatable {
  @Present public var status: String = ""
  @Present public var failingStreak: Int = 0
  @Nullable public var log: [HealthcheckResult]?

  public init(status: String = "", failingStreak: Int = 0, log: [HealthcheckResult]? = nil) {
    self.status = status
    self.failingStreak = failingStreak
    self.log = log
  }

  private enum CodingKeys: String, CodingKey {
    case status = "Status"
    case failingStreak = "FailingStreak"
    case log = "Log"
  }
}

/// One run of the probe.
public struct HealthcheckResult: Codable, Sendable, Equatable {
  @Present public var start: String = ""
  @Present public var end: String = ""
  @Present public var exitCode: Int = 0
  @Present public var output: String = ""

  public init(start: String = "", end: String = "", exitCode: Int = 0, output: String = "") {
    self.start = start
    self.end = end
    self.exitCode = exitCode
    self.output = output
  }

  private enum CodingKeys: String, CodingKey {
    case start = "Start"
    case end = "End"
    case exitCode = "ExitCode"
    case output = "Output"
  }
}
