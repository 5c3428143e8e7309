/// `GET /info`.
public struct SystemInfo: APIObject, Equatable {
  public var id: String = ""
  public var containers: Int = 0
  public var containersRunning: Int = 0
  public var containersPaused: Int = 0
  public var containersStopped: Int = 0
  public var images: Int = 0
  public var driver: String = ""
  public var driverStatus: [[String]] = []
  public var plugins: PluginsInfo = PluginsInfo()
  public var memoryLimit: Bool = false
  public var swapLimit: Bool = false
  public var cpuCfsPeriod: Bool = false
  public var cpuCfsQuota: Bool = false
  public var cpuShares: Bool = false
  public var cpuSet: Bool = false
  public var pidsLimit: Bool = false
  public var ipv4Forwarding: Bool = false
  public var debug: Bool = false
  public var nfd: Int = 0
  public var oomKillDisable: Bool = false
  /// Where clients expect the number of goroutines.
  public var nGoroutines: Int = 0
  public var systemTime: String = ""
  public var loggingDriver: String = ""
  public var cgroupDriver: String = ""
  public var cgroupVersion: String = ""
  public var nEventsListener: Int = 0
  public var kernelVersion: String = ""
  public var operatingSystem: String = ""
  public var osVersion: String = ""
  public var osType: String = ""
  public var architecture: String = ""
  public var indexServerAddress: String = ""
  public var registryConfig: RegistryServiceConfig = RegistryServiceConfig()
  public var ncpu: Int = 0
  /// Bytes.
  public var memTotal: Int64 = 0
  public var dockerRootDir: String = ""
  public var httpProxy: String = ""
  public var httpsProxy: String = ""
  public var noProxy: String = ""
  public var name: String = ""
  public var labels: [String] = []
  public var experimentalBuild: Bool = false
  public var serverVersion: String = ""
  public var runtimes: [String: RuntimeInfo] = [:]
  public var defaultRuntime: String = ""
  public var swarm: SwarmInfo = SwarmInfo()
  public var liveRestoreEnabled: Bool = false
  public var isolation: String = ""
  public var initBinary: String = ""
  public var containerdCommit: Commit = Commit()
  public var runcCommit: Commit = Commit()
  public var initCommit: Commit = Commit()
  public var securityOptions: [String] = []
  public var productLicense: String?
  public var cdiSpecDirs: [String] = []
  public var warnings: [String]?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("ID", &id)
    try object.present("Containers", &containers)
    try object.present("ContainersRunning", &containersRunning)
    try object.present("ContainersPaused", &containersPaused)
    try object.present("ContainersStopped", &containersStopped)
    try object.present("Images", &images)
    try object.present("Driver", &driver)
    try object.present("DriverStatus", &driverStatus)
    try object.present("Plugins", &plugins)
    try object.present("MemoryLimit", &memoryLimit)
    try object.present("SwapLimit", &swapLimit)
    try object.present("CpuCfsPeriod", &cpuCfsPeriod)
    try object.present("CpuCfsQuota", &cpuCfsQuota)
    try object.present("CPUShares", &cpuShares)
    try object.present("CPUSet", &cpuSet)
    try object.present("PidsLimit", &pidsLimit)
    try object.present("IPv4Forwarding", &ipv4Forwarding)
    try object.present("Debug", &debug)
    try object.present("NFd", &nfd)
    try object.present("OomKillDisable", &oomKillDisable)
    try object.present("NGoroutines", &nGoroutines)
    try object.present("SystemTime", &systemTime)
    try object.present("LoggingDriver", &loggingDriver)
    try object.present("CgroupDriver", &cgroupDriver)
    try object.present("CgroupVersion", &cgroupVersion)
    try object.present("NEventsListener", &nEventsListener)
    try object.present("KernelVersion", &kernelVersion)
    try object.present("OperatingSystem", &operatingSystem)
    try object.present("OSVersion", &osVersion)
    try object.present("OSType", &osType)
    try object.present("Architecture", &architecture)
    try object.present("IndexServerAddress", &indexServerAddress)
    try object.present("RegistryConfig", &registryConfig)
    try object.present("NCPU", &ncpu)
    try object.present("MemTotal", &memTotal)
    try object.present("DockerRootDir", &dockerRootDir)
    try object.present("HttpProxy", &httpProxy)
    try object.present("HttpsProxy", &httpsProxy)
    try object.present("NoProxy", &noProxy)
    try object.present("Name", &name)
    try object.present("Labels", &labels)
    try object.present("ExperimentalBuild", &experimentalBuild)
    try object.present("ServerVersion", &serverVersion)
    try object.present("Runtimes", &runtimes)
    try object.present("DefaultRuntime", &defaultRuntime)
    try object.present("Swarm", &swarm)
    try object.present("LiveRestoreEnabled", &liveRestoreEnabled)
    try object.present("Isolation", &isolation)
    try object.present("InitBinary", &initBinary)
    try object.present("ContainerdCommit", &containerdCommit)
    try object.present("RuncCommit", &runcCommit)
    try object.present("InitCommit", &initCommit)
    try object.present("SecurityOptions", &securityOptions)
    try object.optional("ProductLicense", &productLicense)
    try object.present("CDISpecDirs", &cdiSpecDirs)
    try object.nullable("Warnings", &warnings)
  }
}

/// Names of the drivers, by kind.
public struct PluginsInfo: APIObject, Equatable {
  public var volume: [String] = []
  public var network: [String] = []
  public var authorization: [String]?
  public var log: [String] = []

  public init() {}

  public init(
    volume: [String] = [], network: [String] = [], authorization: [String]? = nil, log: [String] = []
  ) {
    self.volume = volume
    self.network = network
    self.authorization = authorization
    self.log = log
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Volume", &volume)
    try object.present("Network", &network)
    try object.nullable("Authorization", &authorization)
    try object.present("Log", &log)
  }
}

/// How registries are reached.
public struct RegistryServiceConfig: APIObject, Equatable {
  public var insecureRegistryCIDRs: [String] = []
  public var indexConfigs: [String: IndexInfo] = [:]
  public var mirrors: [String]?

  public init() {}

  public init(
    insecureRegistryCIDRs: [String] = [], indexConfigs: [String: IndexInfo] = [:], mirrors: [String]? = nil
  ) {
    self.insecureRegistryCIDRs = insecureRegistryCIDRs
    self.indexConfigs = indexConfigs
    self.mirrors = mirrors
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("InsecureRegistryCIDRs", &insecureRegistryCIDRs)
    try object.present("IndexConfigs", &indexConfigs)
    try object.nullable("Mirrors", &mirrors)
  }
}

/// How one registry is reached.
public struct IndexInfo: APIObject, Equatable {
  public var name: String = ""
  public var mirrors: [String] = []
  public var secure: Bool = false
  public var official: Bool = false

  public init() {}

  public init(name: String = "", mirrors: [String] = [], secure: Bool = false, official: Bool = false) {
    self.name = name
    self.mirrors = mirrors
    self.secure = secure
    self.official = official
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Name", &name)
    try object.present("Mirrors", &mirrors)
    try object.present("Secure", &secure)
    try object.present("Official", &official)
  }
}

/// An OCI runtime that the server knows.
public struct RuntimeInfo: APIObject, Equatable {
  public var path: String = ""
  public var runtimeArgs: [String]?
  public var status: [String: String]?

  public init() {}

  public init(path: String = "", runtimeArgs: [String]? = nil, status: [String: String]? = nil) {
    self.path = path
    self.runtimeArgs = runtimeArgs
    self.status = status
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("path", &path)
    try object.optional("runtimeArgs", &runtimeArgs)
    try object.optional("status", &status)
  }
}

/// The state of swarm mode, which is always inactive here.
public struct SwarmInfo: APIObject, Equatable {
  public var nodeID: String = ""
  public var nodeAddr: String = ""
  public var localNodeState: String = "inactive"
  public var controlAvailable: Bool = false
  public var error: String = ""
  public var remoteManagers: [EmptyObject]?

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("NodeID", &nodeID)
    try object.present("NodeAddr", &nodeAddr)
    try object.present("LocalNodeState", &localNodeState)
    try object.present("ControlAvailable", &controlAvailable)
    try object.present("Error", &error)
    try object.nullable("RemoteManagers", &remoteManagers)
  }
}

/// The source version of a component.
public struct Commit: APIObject, Equatable {
  public var id: String = ""

  public init() {}

  public init(id: String = "") {
    self.id = id
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("ID", &id)
  }
}
