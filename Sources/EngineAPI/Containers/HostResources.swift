/// A device of the host that a container gets.
public struct DeviceMapping: Codable, Sendable, Equatable {
  @Present public var pathOnHost: String = ""
  @Present public var pathInContainer: String = ""
  /// Of `r`, `w` and `m`.
  @Present public var cgroupPermissions: String = ""

  public init(pathOnHost: String = "", pathInContainer: String = "", cgroupPermissions: String = "") {
    self.pathOnHost = pathOnHost
    self.pathInContainer = pathInContainer
    self.cgroupPermissions = cgroupPermissions
  }

  private enum CodingKeys: String, CodingKey {
    case pathOnHost = "PathOnHost"
    case pathInContainer = "PathInContainer"
    case cgroupPermissions = "CgroupPermissions"
  }
}

/// Devices asked of a driver, such as GPUs.
public struct DeviceRequest: Codable, Sendable, Equatable {
  @Present public var driver: String = ""
  /// -1: all.
  @Present public var count: Int = 0
  @Nullable public var deviceIDs: [String]?
  @Nullable public var capabilities: [[String]]?
  @Nullable public var options: [String: String]?

  public init(
    driver: String = "", count: Int = 0, deviceIDs: [String]? = nil, capabilities: [[String]]? = nil,
    options: [String: String]? = nil
  ) {
    self.driver = driver
    self.count = count
    self.deviceIDs = deviceIDs
    self.capabilities = capabilities
    self.options = options
  }

  private enum CodingKeys: String, CodingKey {
    case driver = "Driver"
    case count = "Count"
    case deviceIDs = "DeviceIDs"
    case capabilities = "Capabilities"
    case options = "Options"
  }
}

/// A resource limit of a container's processes; -1: unlimited.
public struct Ulimit: Codable, Sendable, Equatable {
  @Present public var name: String = ""
  @Present public var soft: Int64 = 0
  @Present public var hard: Int64 = 0

  public init(name: String = "", soft: Int64 = 0, hard: Int64 = 0) {
    self.name = name
    self.soft = soft
    self.hard = hard
  }

  private enum CodingKeys: String, CodingKey {
    case name = "Name"
    case soft = "Soft"
    case hard = "Hard"
  }
}

/// A block device's share of the weight, 10 to 1000.
public struct WeightDevice: Codable, Sendable, Equatable {
  @Present public var path: String = ""
  @Present public var weight: UInt16 = 0

  public init(path: String = "", weight: UInt16 = 0) {
    self.path = path
    self.weight = weight
  }

  private enum CodingKeys: String, CodingKey {
    case path = "Path"
    case weight = "Weight"
  }
}

/// A block device's limit, in bytes or operations a second.
public struct ThrottleDevice: Codable, Sendable, Equatable {
  @Present public var path: String = ""
  @Present public var rate: UInt64 = 0

  public init(path: String = "", rate: UInt64 = 0) {
    self.path = path
    self.rate = rate
  }

  private enum CodingKeys: String, CodingKey {
    case path = "Path"
    case rate = "Rate"
  }
}

/// What to do when a container exits.
/// ``, `no`, `always`, `unless-stopped` or `on-failure`.
public struct RestartPolicy: Codable, Sendable, Equatable, ZeroValue {
  @Present public var name: String = ""
  /// Of `on-failure`; 0: no maximum.
  @Present public var maximumRetryCount: Int = 0

  public init() {}

  public init(name: String = "", maximumRetryCount: Int = 0) {
    self.name = name
    self.maximumRetryCount = maximumRetryCount
  }

  private enum CodingKeys: String, CodingKey {
    case name = "Name"
    case maximumRetryCount = "MaximumRetryCount"
  }
}

/// Where a container's output goes.
/// Empty: the server's default.
public struct LogConfig: Codable, Sendable, Equatable, ZeroValue {
  @Present public var type: String = ""
  @Present public var config: [String: String] = [:]

  public init() {}

  public init(type: String = "", config: [String: String] = [:]) {
    self.type = type
    self.config = config
  }

  private enum CodingKeys: String, CodingKey {
    case type = "Type"
    case config = "Config"
  }
}
