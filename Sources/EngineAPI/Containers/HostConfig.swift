/// Ports of a container (`80/tcp`) with the host's ports that lead there; null: exposed, but not published.
public typealias PortMap = [String: [PortBinding]?]

/// What a container gets from its host: limits, mounts, network, privileges.
///
/// Missing and null read as "not said"; what that means is for the engine to decide.
public struct HostConfig: Codable, Sendable, Equatable, ZeroValue {
  // Files
  /// `source:target[:options]`.
  @Nullable public var binds: [String]?
  public var mounts: [Mount]?
  /// Options by path in the container.
  public var tmpfs: [String: String]?
  @Present public var volumeDriver: String = ""
  @Nullable public var volumesFrom: [String]?
  public var storageOpt: [String: String]?
  @Present public var readonlyRootfs: Bool = false
  @Present public var containerIDFile: String = ""

  // Life
  @Present public var restartPolicy: RestartPolicy = RestartPolicy()
  @Present public var autoRemove: Bool = false
  /// Run an init that reaps zombies; nil: the server's default.
  public var runInit: Bool?
  @Present public var logConfig: LogConfig = LogConfig()
  /// Rows and columns of the first terminal.
  @RowsAndColumns public var consoleSize: [Int] = [0, 0]
  public var annotations: [String: String]?
  /// The OCI runtime's name; nil or empty: the default one.
  public var runtime: String?
  @Present public var isolation: String = ""

  // Network
  @Present public var networkMode: String = ""
  @Nullable public var portBindings: PortMap?
  @Present public var publishAllPorts: Bool = false
  @Nullable public var dns: [String]?
  @Nullable public var dnsOptions: [String]?
  @Nullable public var dnsSearch: [String]?
  /// `name:address`.
  @Nullable public var extraHosts: [String]?
  @Nullable public var links: [String]?

  // Namespaces
  @Present public var cgroupnsMode: String = ""
  @Present public var ipcMode: String = ""
  @Present public var pidMode: String = ""
  @Present public var utsMode: String = ""
  @Present public var usernsMode: String = ""
  @Present public var cgroup: String = ""
  public var sysctls: [String: String]?
  /// Bytes of /dev/shm; 0: 64 MiB.
  @Present public var shmSize: Int64 = 0

  // Privileges
  @Present public var privileged: Bool = false
  @Nullable public var capAdd: [String]?
  @Nullable public var capDrop: [String]?
  @Nullable public var groupAdd: [String]?
  @Nullable public var securityOpt: [String]?
  /// Nil: the default list; empty: none.
  @Nullable public var maskedPaths: [String]?
  /// Nil: the default list; empty: none.
  @Nullable public var readonlyPaths: [String]?
  @Nullable public var devices: [DeviceMapping]?
  @Nullable public var deviceCgroupRules: [String]?
  @Nullable public var deviceRequests: [DeviceRequest]?
  @Nullable public var ulimits: [Ulimit]?
  @Present public var oomScoreAdj: Int = 0

  // Limits; sizes are in bytes, 0: none
  @Present public var cgroupParent: String = ""
  /// Billionths of a CPU.
  @Present public var nanoCPUs: Int64 = 0
  @Present public var cpuShares: Int64 = 0
  /// Microseconds.
  @Present public var cpuPeriod: Int64 = 0
  /// Microseconds of CPU in a period.
  @Present public var cpuQuota: Int64 = 0
  @Present public var cpuRealtimePeriod: Int64 = 0
  @Present public var cpuRealtimeRuntime: Int64 = 0
  @Present public var cpusetCPUs: String = ""
  @Present public var cpusetMems: String = ""
  @Present public var memory: Int64 = 0
  @Present public var memoryReservation: Int64 = 0
  /// Memory and swap together; -1: unlimited swap.
  @Present public var memorySwap: Int64 = 0
  /// 0 to 100; nil or -1: the kernel's.
  @Nullable public var memorySwappiness: Int64?
  @Nullable public var oomKillDisable: Bool?
  public var kernelMemory: Int64?
  public var kernelMemoryTCP: Int64?
  /// Nil, 0 or -1: unlimited.
  @Nullable public var pidsLimit: Int64?
  /// 10 to 1000; 0: not set.
  @Present public var blkioWeight: UInt16 = 0
  @Nullable public var blkioWeightDevice: [WeightDevice]?
  @Nullable public var blkioDeviceReadBps: [ThrottleDevice]?
  @Nullable public var blkioDeviceWriteBps: [ThrottleDevice]?
  @Nullable public var blkioDeviceReadIOps: [ThrottleDevice]?
  @Nullable public var blkioDeviceWriteIOps: [ThrottleDevice]?

  // Windows only
  @Present public var cpuCount: Int64 = 0
  @Present public var cpuPercent: Int64 = 0
  @Present public var ioMaximumIOps: Int64 = 0
  @Present public var ioMaximumBandwidth: Int64 = 0

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case binds = "Binds"
    case mounts = "Mounts"
    case tmpfs = "Tmpfs"
    case volumeDriver = "VolumeDriver"
    case volumesFrom = "VolumesFrom"
    case storageOpt = "StorageOpt"
    case readonlyRootfs = "ReadonlyRootfs"
    case containerIDFile = "ContainerIDFile"
    case restartPolicy = "RestartPolicy"
    case autoRemove = "AutoRemove"
    case runInit = "Init"
    case logConfig = "LogConfig"
    case consoleSize = "ConsoleSize"
    case annotations = "Annotations"
    case runtime = "Runtime"
    case isolation = "Isolation"
    case networkMode = "NetworkMode"
    case portBindings = "PortBindings"
    case publishAllPorts = "PublishAllPorts"
    case dns = "Dns"
    case dnsOptions = "DnsOptions"
    case dnsSearch = "DnsSearch"
    case extraHosts = "ExtraHosts"
    case links = "Links"
    case cgroupnsMode = "CgroupnsMode"
    case ipcMode = "IpcMode"
    case pidMode = "PidMode"
    case utsMode = "UTSMode"
    case usernsMode = "UsernsMode"
    case cgroup = "Cgroup"
    case sysctls = "Sysctls"
    case shmSize = "ShmSize"
    case privileged = "Privileged"
    case capAdd = "CapAdd"
    case capDrop = "CapDrop"
    case groupAdd = "GroupAdd"
    case securityOpt = "SecurityOpt"
    case maskedPaths = "MaskedPaths"
    case readonlyPaths = "ReadonlyPaths"
    case devices = "Devices"
    case deviceCgroupRules = "DeviceCgroupRules"
    case deviceRequests = "DeviceRequests"
    case ulimits = "Ulimits"
    case oomScoreAdj = "OomScoreAdj"
    case cgroupParent = "CgroupParent"
    case nanoCPUs = "NanoCpus"
    case cpuShares = "CpuShares"
    case cpuPeriod = "CpuPeriod"
    case cpuQuota = "CpuQuota"
    case cpuRealtimePeriod = "CpuRealtimePeriod"
    case cpuRealtimeRuntime = "CpuRealtimeRuntime"
    case cpusetCPUs = "CpusetCpus"
    case cpusetMems = "CpusetMems"
    case memory = "Memory"
    case memoryReservation = "MemoryReservation"
    case memorySwap = "MemorySwap"
    case memorySwappiness = "MemorySwappiness"
    case oomKillDisable = "OomKillDisable"
    case kernelMemory = "KernelMemory"
    case kernelMemoryTCP = "KernelMemoryTCP"
    case pidsLimit = "PidsLimit"
    case blkioWeight = "BlkioWeight"
    case blkioWeightDevice = "BlkioWeightDevice"
    case blkioDeviceReadBps = "BlkioDeviceReadBps"
    case blkioDeviceWriteBps = "BlkioDeviceWriteBps"
    case blkioDeviceReadIOps = "BlkioDeviceReadIOps"
    case blkioDeviceWriteIOps = "BlkioDeviceWriteIOps"
    case cpuCount = "CpuCount"
    case cpuPercent = "CpuPercent"
    case ioMaximumIOps = "IOMaximumIOps"
    case ioMaximumBandwidth = "IOMaximumBandwidth"
  }
}
