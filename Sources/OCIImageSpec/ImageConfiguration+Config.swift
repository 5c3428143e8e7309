extension ImageConfiguration {
  /// The defaults of an image's containers: what runs, as whom, where, with which environment.
  public struct Config: Sendable, Hashable {
    public var user = ""
    /// `NAME=value`, in order.
    public var environment: [String] = []
    /// Nil when the image does not say, which is not the same as an empty list.
    public var entrypoint: [String]?
    public var command: [String]?
    /// Whether the command is already escaped (Windows only).
    public var argumentsEscaped = false
    public var workingDirectory = ""
    /// `80/tcp`, sorted.
    public var exposedPorts: [String] = []
    /// Paths in the container, sorted.
    public var volumes: [String] = []
    public var labels: [String: String] = [:]
    public var stopSignal = ""
    /// Seconds.
    public var stopTimeout: Int?
    public var healthcheck: Healthcheck?
    public var shell: [String]?
    public var onBuild: [String] = []

    public init() {}
  }

  /// How to find out whether a container of the image is well. Durations are nanoseconds, 0 meaning the default.
  public struct Healthcheck: Sendable, Hashable {
    /// Empty: inherit; `NONE`: no check; `CMD` or `CMD-SHELL` and arguments.
    public var test: [String] = []
    public var interval: Int64 = 0
    public var timeout: Int64 = 0
    public var startPeriod: Int64 = 0
    public var startInterval: Int64 = 0
    public var retries = 0

    public init() {}
  }
}

extension ImageConfiguration.Config: Codable {
  private enum CodingKeys: String, CodingKey {
    case user = "User"
    case environment = "Env"
    case entrypoint = "Entrypoint"
    case command = "Cmd"
    case argumentsEscaped = "ArgsEscaped"
    case workingDirectory = "WorkingDir"
    case exposedPorts = "ExposedPorts"
    case volumes = "Volumes"
    case labels = "Labels"
    case stopSignal = "StopSignal"
    case stopTimeout = "StopTimeout"
    case healthcheck = "Healthcheck"
    case shell = "Shell"
    case onBuild = "OnBuild"
  }

  /// Sets are written as objects with empty values; readers must not mind what the values are.
  private struct Anything: Codable {
    init() {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: CodingKeys.self) }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String { try container.decodeIfPresent(String.self, forKey: key) ?? "" }
    func list(_ key: CodingKeys) throws -> [String]? { try container.decodeIfPresent([String].self, forKey: key) }
    func set(_ key: CodingKeys) throws -> [String] {
      try container.decodeIfPresent([String: Anything?].self, forKey: key)?.keys.sorted() ?? []
    }
    /// Old builders wrote a lone string where a list of words belongs.
    func words(_ key: CodingKeys) throws -> [String]? {
      if let word = try? container.decodeIfPresent(String.self, forKey: key) { return [word] }
      return try list(key)
    }
    user = try text(.user)
    environment = try list(.environment) ?? []
    entrypoint = try words(.entrypoint)
    command = try words(.command)
    argumentsEscaped = try container.decodeIfPresent(Bool.self, forKey: .argumentsEscaped) ?? false
    workingDirectory = try text(.workingDirectory)
    exposedPorts = try set(.exposedPorts)
    volumes = try set(.volumes)
    labels = try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
    stopSignal = try text(.stopSignal)
    stopTimeout = try container.decodeIfPresent(Int.self, forKey: .stopTimeout)
    healthcheck = try container.decodeIfPresent(ImageConfiguration.Healthcheck.self, forKey: .healthcheck)
    shell = try words(.shell)
    onBuild = try list(.onBuild) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func set(_ names: [String]) -> [String: Anything]? {
      names.isEmpty ? nil : Dictionary(names.map { ($0, Anything()) }) { first, _ in first }
    }
    if !user.isEmpty { try container.encode(user, forKey: .user) }
    if !environment.isEmpty { try container.encode(environment, forKey: .environment) }
    try container.encodeIfPresent(entrypoint, forKey: .entrypoint)
    try container.encodeIfPresent(command, forKey: .command)
    if argumentsEscaped { try container.encode(true, forKey: .argumentsEscaped) }
    if !workingDirectory.isEmpty { try container.encode(workingDirectory, forKey: .workingDirectory) }
    try container.encodeIfPresent(set(exposedPorts), forKey: .exposedPorts)
    try container.encodeIfPresent(set(volumes), forKey: .volumes)
    if !labels.isEmpty { try container.encode(labels, forKey: .labels) }
    if !stopSignal.isEmpty { try container.encode(stopSignal, forKey: .stopSignal) }
    try container.encodeIfPresent(stopTimeout, forKey: .stopTimeout)
    try container.encodeIfPresent(healthcheck, forKey: .healthcheck)
    try container.encodeIfPresent(shell, forKey: .shell)
    if !onBuild.isEmpty { try container.encode(onBuild, forKey: .onBuild) }
  }
}

extension ImageConfiguration.Healthcheck: Codable {
  private enum CodingKeys: String, CodingKey {
    case test = "Test"
    case interval = "Interval"
    case timeout = "Timeout"
    case startPeriod = "StartPeriod"
    case startInterval = "StartInterval"
    case retries = "Retries"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func duration(_ key: CodingKeys) throws -> Int64 { try container.decodeIfPresent(Int64.self, forKey: key) ?? 0 }
    test = try container.decodeIfPresent([String].self, forKey: .test) ?? []
    interval = try duration(.interval)
    timeout = try duration(.timeout)
    startPeriod = try duration(.startPeriod)
    startInterval = try duration(.startInterval)
    retries = try container.decodeIfPresent(Int.self, forKey: .retries) ?? 0
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if !test.isEmpty { try container.encode(test, forKey: .test) }
    for (key, value) in [
      (CodingKeys.interval, interval), (.timeout, timeout), (.startPeriod, startPeriod),
      (.startInterval, startInterval),
    ] where value != 0 {
      try container.encode(value, forKey: key)
    }
    if retries != 0 { try container.encode(retries, forKey: .retries) }
  }
}
