/// Block I/O limits. On cgroup v1 the throttles hold for direct I/O only.
public struct LinuxBlockIO: JSONObject {
  /// The weight of one device; at least one of the two.
  public struct WeightDevice: JSONObject {
    public var major: Int64
    public var minor: Int64
    public var weight: UInt16?
    public var leafWeight: UInt16?

    public init(major: Int64, minor: Int64, weight: UInt16? = nil, leafWeight: UInt16? = nil) {
      self.major = major
      self.minor = minor
      self.weight = weight
      self.leafWeight = leafWeight
    }

    public init() { self.init(major: 0, minor: 0) }

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("major", &major)
      try fields.required("minor", &minor)
      try fields.optional("weight", &weight)
      try fields.optional("leafWeight", &leafWeight)
    }
  }

  /// The rate of one device, in bytes or operations per second.
  public struct ThrottleDevice: JSONObject {
    public var major: Int64
    public var minor: Int64
    public var rate: UInt64

    public init(major: Int64, minor: Int64, rate: UInt64) {
      self.major = major
      self.minor = minor
      self.rate = rate
    }

    public init() { self.init(major: 0, minor: 0, rate: 0) }

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("major", &major)
      try fields.required("minor", &minor)
      try fields.required("rate", &rate)
    }
  }

  /// 10 to 1000.
  public var weight: UInt16?
  public var leafWeight: UInt16?
  public var weightDevice: [WeightDevice]
  public var throttleReadBpsDevice: [ThrottleDevice]
  public var throttleWriteBpsDevice: [ThrottleDevice]
  public var throttleReadIOPSDevice: [ThrottleDevice]
  public var throttleWriteIOPSDevice: [ThrottleDevice]

  public init(
    weight: UInt16? = nil, weightDevice: [WeightDevice] = [], throttleReadBpsDevice: [ThrottleDevice] = [],
    throttleWriteBpsDevice: [ThrottleDevice] = [], throttleReadIOPSDevice: [ThrottleDevice] = [],
    throttleWriteIOPSDevice: [ThrottleDevice] = []
  ) {
    self.weight = weight
    self.weightDevice = weightDevice
    self.throttleReadBpsDevice = throttleReadBpsDevice
    self.throttleWriteBpsDevice = throttleWriteBpsDevice
    self.throttleReadIOPSDevice = throttleReadIOPSDevice
    self.throttleWriteIOPSDevice = throttleWriteIOPSDevice
  }

  public init() { self.init(weight: nil) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.optional("weight", &weight)
    try fields.optional("leafWeight", &leafWeight)
    try fields.defaulted("weightDevice", &weightDevice)
    try fields.defaulted("throttleReadBpsDevice", &throttleReadBpsDevice)
    try fields.defaulted("throttleWriteBpsDevice", &throttleWriteBpsDevice)
    try fields.defaulted("throttleReadIOPSDevice", &throttleReadIOPSDevice)
    try fields.defaulted("throttleWriteIOPSDevice", &throttleWriteIOPSDevice)
  }
}
