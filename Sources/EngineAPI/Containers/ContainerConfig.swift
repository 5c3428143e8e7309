/// What a container runs: the portable half of its configuration.
public struct ContainerConfig: APIObject, Equatable {
  public var hostname: String = ""
  public var domainname: String = ""
  public var user: String = ""
  public var attachStdin: Bool = false
  public var attachStdout: Bool = false
  public var attachStderr: Bool = false
  /// Keys are `port/protocol`.
  public var exposedPorts: [String: EmptyObject]?
  public var tty: Bool = false
  public var openStdin: Bool = false
  /// Close standard input when the first attached client goes.
  public var stdinOnce: Bool = false
  /// `NAME=value`; a `NAME` alone takes the variable away.
  public var env: [String]?
  public var cmd: [String]?
  public var healthcheck: HealthConfig?
  public var argsEscaped: Bool?
  public var image: String = ""
  /// Keys are paths in the container; each gets an anonymous volume.
  public var volumes: [String: EmptyObject]?
  public var workingDir: String = ""
  public var entrypoint: [String]?
  public var networkDisabled: Bool?
  public var macAddress: String?
  public var onBuild: [String]?
  public var labels: [String: String]?
  /// A name or number; nil: SIGTERM.
  public var stopSignal: String?
  /// Seconds until SIGKILL; nil: 10, -1: never.
  public var stopTimeout: Int?
  public var shell: [String]?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Hostname", &hostname)
    try object.present("Domainname", &domainname)
    try object.present("User", &user)
    try object.present("AttachStdin", &attachStdin)
    try object.present("AttachStdout", &attachStdout)
    try object.present("AttachStderr", &attachStderr)
    try object.optional("ExposedPorts", &exposedPorts)
    try object.present("Tty", &tty)
    try object.present("OpenStdin", &openStdin)
    try object.present("StdinOnce", &stdinOnce)
    try object.nullable("Env", &env)
    try object.words("Cmd", &cmd)
    try object.optional("Healthcheck", &healthcheck)
    try object.optional("ArgsEscaped", &argsEscaped)
    try object.present("Image", &image)
    try object.nullable("Volumes", &volumes)
    try object.present("WorkingDir", &workingDir)
    try object.words("Entrypoint", &entrypoint)
    try object.optional("NetworkDisabled", &networkDisabled)
    try object.optional("MacAddress", &macAddress)
    try object.nullable("OnBuild", &onBuild)
    try object.nullable("Labels", &labels)
    try object.optional("StopSignal", &stopSignal)
    try object.optional("StopTimeout", &stopTimeout)
    try object.optional("Shell", &shell)
  }
}

/// How a container's health is probed. Times are in nanoseconds; 0: inherited.
/// Empty: inherited; `["NONE"]`: off; `["CMD", …]`; `["CMD-SHELL", command]`.
public struct HealthConfig: APIObject, Equatable {
  public var test: [String]?
  public var interval: Int64?
  public var timeout: Int64?
  public var startPeriod: Int64?
  public var startInterval: Int64?
  public var retries: Int?

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("Test", &test)
    try object.optional("Interval", &interval)
    try object.optional("Timeout", &timeout)
    try object.optional("StartPeriod", &startPeriod)
    try object.optional("StartInterval", &startInterval)
    try object.optional("Retries", &retries)
  }
}
