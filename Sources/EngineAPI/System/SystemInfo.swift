/// `GET /info`.
public struct SystemInfo: Codable, Sendable, Equatable {
  @Present public var id: String = ""
  @Present public var containers: Int = 0
  @Present public var containersRunning: Int = 0
  @Present public var containersPaused: Int = 0
  @Present public var containersStopped: Int = 0
  @Present public var images: Int = 0
  @Present public var driver: String = ""
  @Present public var driverStatus: [[String]] = []
  @Present public var plugins: PluginsInfo = PluginsInfo()
  @Present public var memoryLimit: Bool = false
  @Present public var swapLimit: Bool = false
  @Present public var cpuCfsPeriod: Bool = false
  @Present public var cpuCfsQuota: Bool = false
  @Present public var cpuShares: Bool = false
  @Present public var cpuSet: Bool = false
  @Present public var pidsLimit: Bool = false
  @Present public var ipv4Forwarding: Bool = false
  @Present public var debug: Bool = false
  @Present public var nfd: Int = 0
  @Present public var oomKillDisable: Bool = false
  /// Where clients expect the number of goroutines.
  @Present public var nGoroutines: Int = 0
  @Present public var systemTime: String = ""
  @Present public var loggingDriver: String = ""
  @Present public var cgroupDriver: String = ""
  @Present public var cgroupVersion: String = ""
  @Present public var nEventsListener: Int = 0
  @Present public var kernelVersion: String = ""
  @Present public var operatingSystem: String = ""
  @Present public var osVersion: String = ""
  @Present public var osType: String = ""
  @Present public var architecture: String = ""
  @Present public var indexServerAddress: String = ""
  @Present public var registryConfig: RegistryServiceConfig = RegistryServiceConfig()
  @Present public var ncpu: Int = 0
  /// Bytes.
  @Present public var memTotal: Int64 = 0
  @Present public var dockerRootDir: String = ""
  @Present public var httpProxy: String = ""
  @Present public var httpsProxy: String = ""
  @Present public var noProxy: String = ""
  @Present public var name: String = ""
  @Present public var labels: [String] = []
  @Present public var experimentalBuild: Bool = false
  @Present public var serverVersion: String = ""
  @Present public var runtimes: [String: RuntimeInfo] = [:]
  @Present public var defaultRuntime: String = ""
  @Present public var swarm: SwarmInfo = SwarmInfo()
  @Present public var liveRestoreEnabled: Bool = false
  @Present public var isolation: String = ""
  @Present public var initBinary: String = ""
  @Present public var containerdCommit: Commit = Commit()
  @Present public var runcCommit: Commit = Commit()
  @Present public var initCommit: Commit = Commit()
  @Present public var securityOptions: [String] = []
  public var productLicense: String?
  @Present public var cdiSpecDirs: [String] = []
  @Nullable public var warnings: [String]?

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case id = "ID"
    case containers = "Containers"
    case containersRunning = "ContainersRunning"
    case containersPaused = "ContainersPaused"
    case containersStopped = "ContainersStopped"
    case images = "Images"
    case driver = "Driver"
    case driverStatus = "DriverStatus"
    case plugins = "Plugins"
    case memoryLimit = "MemoryLimit"
    case swapLimit = "SwapLimit"
    case cpuCfsPeriod = "CpuCfsPeriod"
    case cpuCfsQuota = "CpuCfsQuota"
    case cpuShares = "CPUShares"
    case cpuSet = "CPUSet"
    case pidsLimit = "PidsLimit"
    case ipv4Forwarding = "IPv4Forwarding"
    case debug = "Debug"
    case nfd = "NFd"
    case oomKillDisable = "OomKillDisable"
    case nGoroutines = "NGoroutines"
    case systemTime = "SystemTime"
    case loggingDriver = "LoggingDriver"
    case cgroupDriver = "CgroupDriver"
    case cgroupVersion = "CgroupVersion"
    case nEventsListener = "NEventsListener"
    case kernelVersion = "KernelVersion"
    case operatingSystem = "OperatingSystem"
    case osVersion = "OSVersion"
    case osType = "OSType"
    case architecture = "Architecture"
    case indexServerAddress = "IndexServerAddress"
    case registryConfig = "RegistryConfig"
    case ncpu = "NCPU"
    case memTotal = "MemTotal"
    case dockerRootDir = "DockerRootDir"
    case httpProxy = "HttpProxy"
    case httpsProxy = "HttpsProxy"
    case noProxy = "NoProxy"
    case name = "Name"
    case labels = "Labels"
    case experimentalBuild = "ExperimentalBuild"
    case serverVersion = "ServerVersion"
    case runtimes = "Runtimes"
    case defaultRuntime = "DefaultRuntime"
    case swarm = "Swarm"
    case liveRestoreEnabled = "LiveRestoreEnabled"
    case isolation = "Isolation"
    case initBinary = "InitBinary"
    case containerdCommit = "ContainerdCommit"
    case runcCommit = "RuncCommit"
    case initCommit = "InitCommit"
    case securityOptions = "SecurityOptions"
    case productLicense = "ProductLicense"
    case cdiSpecDirs = "CDISpecDirs"
    case warnings = "Warnings"
  }
}

/// Names of the drivers, by kind.
public struct PluginsInfo: Codable, Sendable, Equatable, ZeroValue {
  @Present public var volume: [String] = []
  @Present public var network: [String] = []
  @Nullable public var authorization: [String]?
  @Present public var log: [String] = []

  public init() {}

  public init(
    volume: [String] = [], network: [String] = [], authorization: [String]? = nil, log: [String] = []
  ) {
    self.volume = volume
    self.network = network
    self.authorization = authorization
    self.log = log
  }

  private enum CodingKeys: String, CodingKey {
    case volume = "Volume"
    case network = "Network"
    case authorization = "Authorization"
    case log = "Log"
  }
}

/// How registries are reached.
public struct RegistryServiceConfig: Codable, Sendable, Equatable, ZeroValue {
  @Present public var insecureRegistryCIDRs: [String] = []
  @Present public var indexConfigs: [String: IndexInfo] = [:]
  @Nullable public var mirrors: [String]?

  public init() {}

  public init(
    insecureRegistryCIDRs: [String] = [], indexConfigs: [String: IndexInfo] = [:], mirrors: [String]? = nil
  ) {
    self.insecureRegistryCIDRs = insecureRegistryCIDRs
    self.indexConfigs = indexConfigs
    self.mirrors = mirrors
  }

  private enum CodingKeys: String, CodingKey {
    case insecureRegistryCIDRs = "InsecureRegistryCIDRs"
    case indexConfigs = "IndexConfigs"
    case mirrors = "Mirrors"
  }
}

/// How one registry is reached.
public struct IndexInfo: Codable, Sendable, Equatable {
  @Present public var name: String = ""
  @Present public var mirrors: [String] = []
  @Present public var secure: Bool = false
  @Present public var official: Bool = false

  public init(name: String = "", mirrors: [String] = [], secure: Bool = false, official: Bool = false) {
    self.name = name
    self.mirrors = mirrors
    self.secure = secure
    self.official = official
  }

  private enum CodingKeys: String, CodingKey {
    case name = "Name"
    case mirrors = "Mirrors"
    case secure = "Secure"
    case official = "Official"
  }
}

/// An OCI runtime that the server knows.
public struct RuntimeInfo: Codable, Sendable, Equatable {
  @Present public var path: String = ""
  public var runtimeArgs: [String]?
  public var status: [String: String]?

  public init(path: String = "", runtimeArgs: [String]? = nil, status: [String: String]? = nil) {
    self.path = path
    self.runtimeArgs = runtimeArgs
    self.status = status
  }

  private enum CodingKeys: String, CodingKey {
    case path
    case runtimeArgs
    case status
  }
}

/// The state of swarm mode, which is always inactive here.
public struct SwarmInfo: Codable, Sendable, Equatable, ZeroValue {
  @Present public var nodeID: String = ""
  @Present public var nodeAddr: String = ""
  @Present public var localNodeState: String = "inactive"
  @Present public var controlAvailable: Bool = false
  @Present public var error: String = ""
  @Nullable public var remoteManagers: [EmptyObject]?

  public init() {}

  public init(
    nodeID: String = "", nodeAddr: String = "", localNodeState: String = "inactive", controlAvailable: Bool = false,
    error: String = "", remoteManagers: [EmptyObject]? = nil
  ) {
    self.nodeID = nodeID
    self.nodeAddr = nodeAddr
    self.localNodeState = localNodeState
    self.controlAvailable = controlAvailable
    self.error = error
    self.remoteManagers = remoteManagers
  }

  private enum CodingKeys: String, CodingKey {
    case nodeID = "NodeID"
    case nodeAddr = "NodeAddr"
    case localNodeState = "LocalNodeState"
    case controlAvailable = "ControlAvailable"
    case error = "Error"
    case remoteManagers = "RemoteManagers"
  }
}

/// The source version of a component.
public struct Commit: Codable, Sendable, Equatable, ZeroValue {
  @Present public var id: String = ""

  public init() {}

  public init(id: String = "") {
    self.id = id
  }

  private enum CodingKeys: String, CodingKey {
    case id = "ID"
  }
}
