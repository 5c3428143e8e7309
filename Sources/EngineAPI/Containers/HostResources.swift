/// A device of the host that a container gets.
public struct DeviceMapping: APIObject, Equatable {
  public var pathOnHost: String = ""
  public var pathInContainer: String = ""
  /// Of `r`, `w` and `m`.
  public var cgroupPermissions: String = ""

  public init() {}

  public init(pathOnHost: String = "", pathInContainer: String = "", cgroupPermissions: String = "") {
    self.pathOnHost = pathOnHost
    self.pathInContainer = pathInContainer
    self.cgroupPermissions = cgroupPermissions
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("PathOnHost", &pathOnHost)
    try object.present("PathInContainer", &pathInContainer)
    try object.present("CgroupPermissions", &cgroupPermissions)
  }
}

/// Devices asked of a driver, such as GPUs.
public struct DeviceRequest: APIObject, Equatable {
  public var driver: String = ""
  /// -1: all.
  public var count: Int = 0
  public var deviceIDs: [String]?
  public var capabilities: [[String]]?
  public var options: [String: String]?

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Driver", &driver)
    try object.present("Count", &count)
    try object.nullable("DeviceIDs", &deviceIDs)
    try object.nullable("Capabilities", &capabilities)
    try object.nullable("Options", &options)
  }
}

/// A resource limit of a container's processes; -1: unlimited.
public struct Ulimit: APIObject, Equatable {
  public var name: String = ""
  public var soft: Int64 = 0
  public var hard: Int64 = 0

  public init() {}

  public init(name: String = "", soft: Int64 = 0, hard: Int64 = 0) {
    self.name = name
    self.soft = soft
    self.hard = hard
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Name", &name)
    try object.present("Soft", &soft)
    try object.present("Hard", &hard)
  }
}

/// A block device's share of the weight, 10 to 1000.
public struct WeightDevice: APIObject, Equatable {
  public var path: String = ""
  public var weight: UInt16 = 0

  public init() {}

  public init(path: String = "", weight: UInt16 = 0) {
    self.path = path
    self.weight = weight
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Path", &path)
    try object.present("Weight", &weight)
  }
}

/// A block device's limit, in bytes or operations a second.
public struct ThrottleDevice: APIObject, Equatable {
  public var path: String = ""
  public var rate: UInt64 = 0

  public init() {}

  public init(path: String = "", rate: UInt64 = 0) {
    self.path = path
    self.rate = rate
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Path", &path)
    try object.present("Rate", &rate)
  }
}

/// What to do when a container exits.
/// ``, `no`, `always`, `unless-stopped` or `on-failure`.
public struct RestartPolicy: APIObject, Equatable {
  public var name: String = ""
  /// Of `on-failure`; 0: no maximum.
  public var maximumRetryCount: Int = 0

  public init() {}

  public init(name: String = "", maximumRetryCount: Int = 0) {
    self.name = name
    self.maximumRetryCount = maximumRetryCount
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Name", &name)
    try object.present("MaximumRetryCount", &maximumRetryCount)
  }
}

/// Where a container's output goes.
/// Empty: the server's default.
public struct LogConfig: APIObject, Equatable {
  public var type: String = ""
  public var config: [String: String] = [:]

  public init() {}

  public init(type: String = "", config: [String: String] = [:]) {
    self.type = type
    self.config = config
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Type", &type)
    try object.present("Config", &config)
  }
}
