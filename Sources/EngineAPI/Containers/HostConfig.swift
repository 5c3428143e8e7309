/// Ports of a container (`80/tcp`) with the host's ports that lead there; null: exposed, but not published.
public typealias PortMap = [String: [PortBinding]?]

/// What a container gets from its host: limits, mounts, network, privileges.
///
/// Missing and null read as "not said"; what that means is for the engine to decide.
public struct HostConfig: APIObject, Equatable {
  // Files
  /// `source:target[:options]`.
  public var binds: [String]?
  public var mounts: [Mount]?
  /// Options by path in the container.
  public var tmpfs: [String: String]?
  public var volumeDriver: String = ""
  public var volumesFrom: [String]?
  public var storageOpt: [String: String]?
  public var readonlyRootfs: Bool = false
  public var containerIDFile: String = ""

  // Life
  public var restartPolicy: RestartPolicy = RestartPolicy()
  public var autoRemove: Bool = false
  /// Run an init that reaps zombies; nil: the server's default.
  public var runInit: Bool?
  public var logConfig: LogConfig = LogConfig()
  /// Rows and columns of the first terminal.
  public var consoleSize: [Int] = [0, 0]
  public var annotations: [String: String]?
  /// The OCI runtime's name; nil or empty: the default one.
  public var runtime: String?
  public var isolation: String = ""

  // Network
  public var networkMode: String = ""
  public var portBindings: PortMap?
  public var publishAllPorts: Bool = false
  public var dns: [String]?
  public var dnsOptions: [String]?
  public var dnsSearch: [String]?
  /// `name:address`.
  public var extraHosts: [String]?
  public var links: [String]?
  /// Nil: no limit.
  public var networkBandwidth: NetworkBandwidth?

  // Namespaces
  public var cgroupnsMode: String = ""
  public var ipcMode: String = ""
  public var pidMode: String = ""
  public var utsMode: String = ""
  public var usernsMode: String = ""
  public var cgroup: String = ""
  public var sysctls: [String: String]?
  /// Bytes of /dev/shm; 0: 64 MiB.
  public var shmSize: Int64 = 0

  // Privileges
  public var privileged: Bool = false
  public var capAdd: [String]?
  public var capDrop: [String]?
  public var groupAdd: [String]?
  public var securityOpt: [String]?
  /// Nil: the default list; empty: none.
  public var maskedPaths: [String]?
  /// Nil: the default list; empty: none.
  public var readonlyPaths: [String]?
  public var devices: [DeviceMapping]?
  public var deviceCgroupRules: [String]?
  public var deviceRequests: [DeviceRequest]?
  public var ulimits: [Ulimit]?
  public var oomScoreAdj: Int = 0

  // Limits; sizes are in bytes, 0: none
  public var cgroupParent: String = ""
  /// Billionths of a CPU.
  public var nanoCPUs: Int64 = 0
  public var cpuShares: Int64 = 0
  /// Microseconds.
  public var cpuPeriod: Int64 = 0
  /// Microseconds of CPU in a period.
  public var cpuQuota: Int64 = 0
  public var cpuRealtimePeriod: Int64 = 0
  public var cpuRealtimeRuntime: Int64 = 0
  public var cpusetCPUs: String = ""
  public var cpusetMems: String = ""
  public var memory: Int64 = 0
  public var memoryReservation: Int64 = 0
  /// Memory and swap together; -1: unlimited swap.
  public var memorySwap: Int64 = 0
  /// 0 to 100; nil or -1: the kernel's.
  public var memorySwappiness: Int64?
  public var oomKillDisable: Bool?
  public var kernelMemory: Int64?
  public var kernelMemoryTCP: Int64?
  /// Nil, 0 or -1: unlimited.
  public var pidsLimit: Int64?
  /// 10 to 1000; 0: not set.
  public var blkioWeight: UInt16 = 0
  public var blkioWeightDevice: [WeightDevice]?
  public var blkioDeviceReadBps: [ThrottleDevice]?
  public var blkioDeviceWriteBps: [ThrottleDevice]?
  public var blkioDeviceReadIOps: [ThrottleDevice]?
  public var blkioDeviceWriteIOps: [ThrottleDevice]?

  // Windows only
  public var cpuCount: Int64 = 0
  public var cpuPercent: Int64 = 0
  public var ioMaximumIOps: Int64 = 0
  public var ioMaximumBandwidth: Int64 = 0

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try filesFields(&object)
    try lifeFields(&object)
    try networkFields(&object)
    try namespacesFields(&object)
    try privilegesFields(&object)
    try limitsFields(&object)
    try windowsFields(&object)
  }

  private mutating func filesFields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.nullable("Binds", &binds)
    try object.optional("Mounts", &mounts)
    try object.optional("Tmpfs", &tmpfs)
    try object.present("VolumeDriver", &volumeDriver)
    try object.nullable("VolumesFrom", &volumesFrom)
    try object.optional("StorageOpt", &storageOpt)
    try object.present("ReadonlyRootfs", &readonlyRootfs)
    try object.present("ContainerIDFile", &containerIDFile)
  }

  private mutating func lifeFields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("RestartPolicy", &restartPolicy)
    try object.present("AutoRemove", &autoRemove)
    try object.optional("Init", &runInit)
    try object.present("LogConfig", &logConfig)
    try object.rowsAndColumns("ConsoleSize", &consoleSize)
    try object.optional("Annotations", &annotations)
    try object.optional("Runtime", &runtime)
    try object.present("Isolation", &isolation)
  }

  private mutating func networkFields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("NetworkMode", &networkMode)
    try object.nullable("PortBindings", &portBindings)
    try object.present("PublishAllPorts", &publishAllPorts)
    try object.nullable("Dns", &dns)
    try object.nullable("DnsOptions", &dnsOptions)
    try object.nullable("DnsSearch", &dnsSearch)
    try object.nullable("ExtraHosts", &extraHosts)
    try object.nullable("Links", &links)
    try object.nullable("NetworkBandwidth", &networkBandwidth)
  }

  private mutating func namespacesFields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("CgroupnsMode", &cgroupnsMode)
    try object.present("IpcMode", &ipcMode)
    try object.present("PidMode", &pidMode)
    try object.present("UTSMode", &utsMode)
    try object.present("UsernsMode", &usernsMode)
    try object.present("Cgroup", &cgroup)
    try object.optional("Sysctls", &sysctls)
    try object.present("ShmSize", &shmSize)
  }

  private mutating func privilegesFields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Privileged", &privileged)
    try object.nullable("CapAdd", &capAdd)
    try object.nullable("CapDrop", &capDrop)
    try object.nullable("GroupAdd", &groupAdd)
    try object.nullable("SecurityOpt", &securityOpt)
    try object.nullable("MaskedPaths", &maskedPaths)
    try object.nullable("ReadonlyPaths", &readonlyPaths)
    try object.nullable("Devices", &devices)
    try object.nullable("DeviceCgroupRules", &deviceCgroupRules)
    try object.nullable("DeviceRequests", &deviceRequests)
    try object.nullable("Ulimits", &ulimits)
    try object.present("OomScoreAdj", &oomScoreAdj)
  }

  /// What `POST /containers/{id}/update` can change, too.
  mutating func limitsFields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("CgroupParent", &cgroupParent)
    try object.present("NanoCpus", &nanoCPUs)
    try object.present("CpuShares", &cpuShares)
    try object.present("CpuPeriod", &cpuPeriod)
    try object.present("CpuQuota", &cpuQuota)
    try object.present("CpuRealtimePeriod", &cpuRealtimePeriod)
    try object.present("CpuRealtimeRuntime", &cpuRealtimeRuntime)
    try object.present("CpusetCpus", &cpusetCPUs)
    try object.present("CpusetMems", &cpusetMems)
    try object.present("Memory", &memory)
    try object.present("MemoryReservation", &memoryReservation)
    try object.present("MemorySwap", &memorySwap)
    try object.nullable("MemorySwappiness", &memorySwappiness)
    try object.nullable("OomKillDisable", &oomKillDisable)
    try object.optional("KernelMemory", &kernelMemory)
    try object.optional("KernelMemoryTCP", &kernelMemoryTCP)
    try object.nullable("PidsLimit", &pidsLimit)
    try object.present("BlkioWeight", &blkioWeight)
    try object.nullable("BlkioWeightDevice", &blkioWeightDevice)
    try object.nullable("BlkioDeviceReadBps", &blkioDeviceReadBps)
    try object.nullable("BlkioDeviceWriteBps", &blkioDeviceWriteBps)
    try object.nullable("BlkioDeviceReadIOps", &blkioDeviceReadIOps)
    try object.nullable("BlkioDeviceWriteIOps", &blkioDeviceWriteIOps)
  }

  private mutating func windowsFields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("CpuCount", &cpuCount)
    try object.present("CpuPercent", &cpuPercent)
    try object.present("IOMaximumIOps", &ioMaximumIOps)
    try object.present("IOMaximumBandwidth", &ioMaximumBandwidth)
  }
}
