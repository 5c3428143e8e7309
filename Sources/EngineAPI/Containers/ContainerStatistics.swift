/// What a container uses, as `GET /containers/{id}/stats` tells it. A container that does not run uses nothing: all is
/// empty but its name and id.
public struct ContainerStatistics: APIObject, Equatable {
  /// With a slash in front.
  public var name = ""
  public var id = ""
  /// When it was read, and when `previousCPU` was. RFC 3339; the first year stands for never.
  public var read = "0001-01-01T00:00:00Z"
  public var previousRead = "0001-01-01T00:00:00Z"
  public var pids = PidsStatistics()
  public var blockIO = BlockIOStatistics()
  public var cpu = CPUStatistics()
  /// As `cpu` was at the reading before; empty at the first.
  public var previousCPU = CPUStatistics()
  public var memory = MemoryStatistics()
  /// By the names that the interfaces have in the container; nil: it has none of its own.
  public var networks: [String: InterfaceStatistics]?
  /// What its limits of bandwidth have held back, which is no field of Docker's; nil: it has no limit.
  public var networkBandwidth: NetworkBandwidthStatistics?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("name", &name)
    try object.present("id", &id)
    try object.present("read", &read)
    try object.present("preread", &previousRead)
    try object.present("pids_stats", &pids)
    try object.present("blkio_stats", &blockIO)
    // Windows fills these in.
    var (processors, storage) = (0, EmptyObject())
    try object.present("num_procs", &processors)
    try object.present("storage_stats", &storage)
    try object.present("cpu_stats", &cpu)
    try object.present("precpu_stats", &previousCPU)
    try object.present("memory_stats", &memory)
    try object.optional("networks", &networks)
    try object.optional("network_bandwidth", &networkBandwidth)
  }
}

/// Processes and threads.
public struct PidsStatistics: APIObject, Equatable {
  public var current: UInt64?
  /// Nil: no limit.
  public var limit: UInt64?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("current", &current)
    try object.optional("limit", &limit)
  }
}

/// What went to and from block devices. cgroup v2 tells of bytes only.
public struct BlockIOStatistics: APIObject, Equatable {
  /// One sum: of a device, and of reading or writing.
  public struct Entry: APIObject, Equatable {
    public var major: UInt64 = 0
    public var minor: UInt64 = 0
    /// `read` or `write`.
    public var operation = ""
    public var value: UInt64 = 0

    public init() {}

    public init(major: UInt64, minor: UInt64, operation: String, value: UInt64) {
      (self.major, self.minor, self.operation, self.value) = (major, minor, operation, value)
    }

    public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("major", &major)
      try object.present("minor", &minor)
      try object.present("op", &operation)
      try object.present("value", &value)
    }
  }

  /// Bytes.
  public var bytes: [Entry]?
  /// How often.
  public var operations: [Entry]?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.nullable("io_service_bytes_recursive", &bytes)
    try object.nullable("io_serviced_recursive", &operations)
    // Of a scheduler that Linux has no more.
    for name in [
      "io_queue_recursive", "io_service_time_recursive", "io_wait_time_recursive", "io_merged_recursive",
      "io_time_recursive", "sectors_recursive",
    ] {
      var none: [Entry]?
      try object.nullable(name, &none)
    }
  }
}

/// Processor time, in nanoseconds since the start.
public struct CPUStatistics: APIObject, Equatable {
  public struct Usage: APIObject, Equatable {
    public var total: UInt64 = 0
    /// By processor; nil on cgroup v2.
    public var byProcessor: [UInt64]?
    public var inKernelMode: UInt64 = 0
    public var inUserMode: UInt64 = 0

    public init() {}

    public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("total_usage", &total)
      try object.optional("percpu_usage", &byProcessor)
      try object.present("usage_in_kernelmode", &inKernelMode)
      try object.present("usage_in_usermode", &inUserMode)
    }
  }

  public struct Throttling: APIObject, Equatable {
    public var periods: UInt64 = 0
    public var throttledPeriods: UInt64 = 0
    public var throttledTime: UInt64 = 0

    public init() {}

    public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("periods", &periods)
      try object.present("throttled_periods", &throttledPeriods)
      try object.present("throttled_time", &throttledTime)
    }
  }

  public var usage = Usage()
  /// The time of all processors of the machine, idle or not.
  public var system: UInt64?
  public var onlineProcessors: UInt32?
  public var throttling = Throttling()

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("cpu_usage", &usage)
    try object.optional("system_cpu_usage", &system)
    try object.optional("online_cpus", &onlineProcessors)
    try object.present("throttling_data", &throttling)
  }
}

/// Memory, in bytes.
public struct MemoryStatistics: APIObject, Equatable {
  public var usage: UInt64?
  /// The most there was, and how often the limit was met; nil on cgroup v2.
  public var peak: UInt64?
  public var failures: UInt64?
  /// memory.stat by the kernel's names, which differ between the versions of cgroups.
  public var details: [String: UInt64]?
  /// The machine's memory where there is no limit.
  public var limit: UInt64?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("usage", &usage)
    try object.optional("max_usage", &peak)
    try object.optional("stats", &details)
    try object.optional("failcnt", &failures)
    try object.optional("limit", &limit)
  }
}

/// What went through one interface of the container.
public struct InterfaceStatistics: APIObject, Equatable {
  public var receivedBytes: UInt64 = 0
  public var receivedPackets: UInt64 = 0
  public var receiveErrors: UInt64 = 0
  public var receiveDrops: UInt64 = 0
  public var sentBytes: UInt64 = 0
  public var sentPackets: UInt64 = 0
  public var sendErrors: UInt64 = 0
  public var sendDrops: UInt64 = 0

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("rx_bytes", &receivedBytes)
    try object.present("rx_packets", &receivedPackets)
    try object.present("rx_errors", &receiveErrors)
    try object.present("rx_dropped", &receiveDrops)
    try object.present("tx_bytes", &sentBytes)
    try object.present("tx_packets", &sentPackets)
    try object.present("tx_errors", &sendErrors)
    try object.present("tx_dropped", &sendDrops)
  }
}
