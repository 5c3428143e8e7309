/// The limits of a container's cgroup (runtime-spec config-linux.md, "Control groups"). What is absent is left unchanged.
public struct LinuxResources: JSONObject {
  /// Rules applied in order; the last one that matches an access decides.
  public var devices: [LinuxDeviceRule]
  public var memory: LinuxMemory?
  public var cpu: LinuxCPU?
  public var pids: LinuxPids?
  public var blockIO: LinuxBlockIO?
  public var hugepageLimits: [LinuxHugepageLimit]
  public var network: LinuxNetwork?
  /// By device name, such as `mlx5_1`.
  public var rdma: [String: LinuxRdma]
  /// Files of the v2 cgroup with what is written to them, after the typed limits.
  public var unified: [String: String]

  public init(
    devices: [LinuxDeviceRule] = [], memory: LinuxMemory? = nil, cpu: LinuxCPU? = nil, pids: LinuxPids? = nil,
    blockIO: LinuxBlockIO? = nil, hugepageLimits: [LinuxHugepageLimit] = [], network: LinuxNetwork? = nil,
    rdma: [String: LinuxRdma] = [:], unified: [String: String] = [:]
  ) {
    self.devices = devices
    self.memory = memory
    self.cpu = cpu
    self.pids = pids
    self.blockIO = blockIO
    self.hugepageLimits = hugepageLimits
    self.network = network
    self.rdma = rdma
    self.unified = unified
  }

  public init() { self.init(devices: []) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.defaulted("devices", &devices)
    try fields.optional("memory", &memory)
    try fields.optional("cpu", &cpu)
    try fields.optional("pids", &pids)
    try fields.optional("blockIO", &blockIO)
    try fields.defaulted("hugepageLimits", &hugepageLimits)
    try fields.optional("network", &network)
    try fields.defaulted("rdma", &rdma)
    try fields.defaulted("unified", &unified)
  }
}

/// Which device accesses are allowed or denied.
public struct LinuxDeviceRule: JSONObject {
  public var allow: Bool
  /// `a` (all), `b` or `c`; empty means all.
  public var type: String
  /// Nil matches every number.
  public var major: Int64?
  public var minor: Int64?
  /// Letters of `rwm`: read, write, make.
  public var access: String

  public init(
    allow: Bool, type: String = "", major: Int64? = nil, minor: Int64? = nil, access: String = ""
  ) {
    self.allow = allow
    self.type = type
    self.major = major
    self.minor = minor
    self.access = access
  }

  public init() { self.init(allow: false) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("allow", &allow)
    try fields.defaulted("type", &type)
    try fields.optional("major", &major)
    try fields.optional("minor", &minor)
    try fields.defaulted("access", &access)
  }
}

/// Memory limits in bytes; -1 is no limit.
public struct LinuxMemory: JSONObject {
  public var limit: Int64?
  /// The soft limit.
  public var reservation: Int64?
  /// Memory and swap together.
  public var swap: Int64?
  public var kernel: Int64?
  public var kernelTCP: Int64?
  /// 0 to 100.
  public var swappiness: UInt64?
  public var disableOOMKiller: Bool?
  public var useHierarchy: Bool?
  /// Refuse a limit that is below the present use.
  public var checkBeforeUpdate: Bool?

  public init(
    limit: Int64? = nil, reservation: Int64? = nil, swap: Int64? = nil, swappiness: UInt64? = nil,
    disableOOMKiller: Bool? = nil, checkBeforeUpdate: Bool? = nil
  ) {
    self.limit = limit
    self.reservation = reservation
    self.swap = swap
    self.swappiness = swappiness
    self.disableOOMKiller = disableOOMKiller
    self.checkBeforeUpdate = checkBeforeUpdate
  }

  public init() { self.init(limit: nil) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.optional("limit", &limit)
    try fields.optional("reservation", &reservation)
    try fields.optional("swap", &swap)
    try fields.optional("kernel", &kernel)
    try fields.optional("kernelTCP", &kernelTCP)
    try fields.optional("swappiness", &swappiness)
    try fields.optional("disableOOMKiller", &disableOOMKiller)
    try fields.optional("useHierarchy", &useHierarchy)
    try fields.optional("checkBeforeUpdate", &checkBeforeUpdate)
  }
}

/// CPU limits; times in microseconds.
public struct LinuxCPU: JSONObject {
  /// Relative weight, 2 to 262144; 1024 is normal.
  public var shares: UInt64?
  /// Time per period; negative is no limit.
  public var quota: Int64?
  /// Saved time that may be used on top of the quota.
  public var burst: UInt64?
  public var period: UInt64?
  public var realtimeRuntime: Int64?
  public var realtimePeriod: UInt64?
  /// A list such as `0-3,7`; empty leaves it unchanged.
  public var cpus: String
  public var mems: String
  /// 1 makes the whole group SCHED_IDLE.
  public var idle: Int64?

  public init(
    shares: UInt64? = nil, quota: Int64? = nil, burst: UInt64? = nil, period: UInt64? = nil,
    realtimeRuntime: Int64? = nil, realtimePeriod: UInt64? = nil, cpus: String = "", mems: String = "",
    idle: Int64? = nil
  ) {
    self.shares = shares
    self.quota = quota
    self.burst = burst
    self.period = period
    self.realtimeRuntime = realtimeRuntime
    self.realtimePeriod = realtimePeriod
    self.cpus = cpus
    self.mems = mems
    self.idle = idle
  }

  public init() { self.init(shares: nil) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.optional("shares", &shares)
    try fields.optional("quota", &quota)
    try fields.optional("burst", &burst)
    try fields.optional("period", &period)
    try fields.optional("realtimeRuntime", &realtimeRuntime)
    try fields.optional("realtimePeriod", &realtimePeriod)
    try fields.defaulted("cpus", &cpus)
    try fields.defaulted("mems", &mems)
    try fields.optional("idle", &idle)
  }
}

/// The number of tasks.
public struct LinuxPids: JSONObject {
  /// -1 is no limit.
  public var limit: Int64?

  public init(limit: Int64? = nil) {
    self.limit = limit
  }

  public init() { self.init(limit: nil) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.optional("limit", &limit)
  }
}

/// The memory that huge pages of one size may take.
public struct LinuxHugepageLimit: JSONObject {
  /// Such as `2MB`, base 1024.
  public var pageSize: String
  /// Bytes.
  public var limit: UInt64

  public init(pageSize: String, limit: UInt64) {
    self.pageSize = pageSize
    self.limit = limit
  }

  public init() { self.init(pageSize: "", limit: 0) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("pageSize", &pageSize)
    try fields.required("limit", &limit)
  }
}

/// Packet marks; cgroup v1 only.
public struct LinuxNetwork: JSONObject {
  public struct Priority: JSONObject {
    /// An interface of the runtime's network namespace.
    public var name: String
    public var priority: UInt32

    public init(name: String, priority: UInt32) {
      self.name = name
      self.priority = priority
    }

    public init() { self.init(name: "", priority: 0) }

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("name", &name)
      try fields.required("priority", &priority)
    }
  }

  public var classID: UInt32?
  public var priorities: [Priority]

  public init(classID: UInt32? = nil, priorities: [Priority] = []) {
    self.classID = classID
    self.priorities = priorities
  }

  public init() { self.init(classID: nil) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.optional("classID", &classID)
    try fields.defaulted("priorities", &priorities)
  }
}

/// The limits of one RDMA device.
public struct LinuxRdma: JSONObject {
  public var hcaHandles: UInt32?
  public var hcaObjects: UInt32?

  public init(hcaHandles: UInt32? = nil, hcaObjects: UInt32? = nil) {
    self.hcaHandles = hcaHandles
    self.hcaObjects = hcaObjects
  }

  public init() { self.init(hcaHandles: nil) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.optional("hcaHandles", &hcaHandles)
    try fields.optional("hcaObjects", &hcaObjects)
  }
}
