/// `GET /containers/{id}/json`. Times are RFC 3339 with nanoseconds.
public struct ContainerInspect: APIObject, Equatable {
  public var id: String = ""
  public var created: String = ""
  /// The program and its arguments, as started.
  public var path: String = ""
  public var args: [String] = []
  public var state: ContainerState = ContainerState()
  /// The image's id.
  public var image: String = ""
  public var resolvConfPath: String = ""
  public var hostnamePath: String = ""
  public var hostsPath: String = ""
  public var logPath: String = ""
  /// Starts with `/`.
  public var name: String = ""
  public var restartCount: Int = 0
  public var driver: String = ""
  public var platform: String = "linux"
  public var mountLabel: String = ""
  public var processLabel: String = ""
  public var appArmorProfile: String = ""
  public var execIDs: [String]?
  public var hostConfig: HostConfig = HostConfig()
  public var graphDriver: DriverData = DriverData()
  /// Bytes of the writable layer, when asked for.
  public var sizeRw: Int64?
  /// Bytes of the whole root filesystem, when asked for.
  public var sizeRootFs: Int64?
  public var mounts: [MountPoint] = []
  public var config: ContainerConfig = ContainerConfig()
  public var networkSettings: NetworkSettings = NetworkSettings()

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Id", &id)
    try object.present("Created", &created)
    try object.present("Path", &path)
    try object.present("Args", &args)
    try object.present("State", &state)
    try object.present("Image", &image)
    try object.present("ResolvConfPath", &resolvConfPath)
    try object.present("HostnamePath", &hostnamePath)
    try object.present("HostsPath", &hostsPath)
    try object.present("LogPath", &logPath)
    try object.present("Name", &name)
    try object.present("RestartCount", &restartCount)
    try object.present("Driver", &driver)
    try object.present("Platform", &platform)
    try object.present("MountLabel", &mountLabel)
    try object.present("ProcessLabel", &processLabel)
    try object.present("AppArmorProfile", &appArmorProfile)
    try object.nullable("ExecIDs", &execIDs)
    try object.present("HostConfig", &hostConfig)
    try object.present("GraphDriver", &graphDriver)
    try object.optional("SizeRw", &sizeRw)
    try object.optional("SizeRootFs", &sizeRootFs)
    try object.present("Mounts", &mounts)
    try object.present("Config", &config)
    try object.present("NetworkSettings", &networkSettings)
  }
}

/// How a container is doing.
/// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
public struct ContainerState: APIObject, Equatable {
  public var status: String = ""
  public var running: Bool = false
  public var paused: Bool = false
  public var restarting: Bool = false
  public var oomKilled: Bool = false
  public var dead: Bool = false
  /// 0 when it does not run.
  public var pid: Int = 0
  public var exitCode: Int = 0
  /// Why the last start failed.
  public var error: String = ""
  public var startedAt: String = "0001-01-01T00:00:00Z"
  public var finishedAt: String = "0001-01-01T00:00:00Z"
  public var health: Health?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Status", &status)
    try object.present("Running", &running)
    try object.present("Paused", &paused)
    try object.present("Restarting", &restarting)
    try object.present("OOMKilled", &oomKilled)
    try object.present("Dead", &dead)
    try object.present("Pid", &pid)
    try object.present("ExitCode", &exitCode)
    try object.present("Error", &error)
    try object.present("StartedAt", &startedAt)
    try object.present("FinishedAt", &finishedAt)
    try object.optional("Health", &health)
  }
}

/// What the health probes found.
/// `none`, `starting`, `healthy` or `unhealthy`.
public struct Health: APIObject, Equatable {
  public var status: String = ""
  public var failingStreak: Int = 0
  public var log: [HealthcheckResult]?

  public init() {}

  public init(status: String = "", failingStreak: Int = 0, log: [HealthcheckResult]? = nil) {
    self.status = status
    self.failingStreak = failingStreak
    self.log = log
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Status", &status)
    try object.present("FailingStreak", &failingStreak)
    try object.nullable("Log", &log)
  }
}

/// One run of the probe.
public struct HealthcheckResult: APIObject, Equatable {
  public var start: String = ""
  public var end: String = ""
  public var exitCode: Int = 0
  public var output: String = ""

  public init() {}

  public init(start: String = "", end: String = "", exitCode: Int = 0, output: String = "") {
    self.start = start
    self.end = end
    self.exitCode = exitCode
    self.output = output
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Start", &start)
    try object.present("End", &end)
    try object.present("ExitCode", &exitCode)
    try object.present("Output", &output)
  }
}
