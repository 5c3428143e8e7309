/// How much a container may send and receive; no field of Docker's.
///
/// Nil: not said, which means no limit for a new container and "as it is" in an update. 0 means no limit in both.
public struct NetworkBandwidth: APIObject, Equatable {
  /// Bits a second to the container.
  public var receive: Int64?
  /// Bits a second from the container.
  public var transmit: Int64?
  /// Bytes that may pass at once before the rate counts; nil or 0: the server's choice.
  public var burst: Int64?

  public init() {}

  public init(receive: Int64? = nil, transmit: Int64? = nil, burst: Int64? = nil) {
    self.receive = receive
    self.transmit = transmit
    self.burst = burst
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("Receive", &receive)
    try object.optional("Transmit", &transmit)
    try object.optional("Burst", &burst)
  }

  /// The same with 0 for what is not said, so that a reader finds every field.
  public var spelledOut: NetworkBandwidth {
    NetworkBandwidth(receive: receive ?? 0, transmit: transmit ?? 0, burst: burst ?? 0)
  }

  /// The limits that hold once this update is made to `current`; nil: none is left.
  public func applied(to current: NetworkBandwidth?) -> NetworkBandwidth? {
    func merged(_ field: KeyPath<NetworkBandwidth, Int64?>) -> Int64? {
      let value = self[keyPath: field] ?? current?[keyPath: field]
      return value == 0 ? nil : value
    }
    let (receive, transmit) = (merged(\.receive), merged(\.transmit))
    if receive == nil, transmit == nil { return nil }
    return NetworkBandwidth(receive: receive, transmit: transmit, burst: merged(\.burst))
  }
}

/// What limits of bandwidth have let pass and held back since they were set; no field of Docker's.
public struct NetworkBandwidthStatistics: APIObject, Equatable {
  /// One direction.
  public struct Way: APIObject, Equatable {
    /// What has passed.
    public var bytes: UInt64 = 0
    public var packets: UInt64 = 0
    /// Those for which there was no room to wait in.
    public var droppedPackets: UInt64 = 0
    /// How often a packet had to wait for the rate.
    public var delayed: UInt64 = 0
    /// What waits now.
    public var waitingBytes: UInt64 = 0
    public var waitingPackets: UInt64 = 0

    public init() {}

    public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("bytes", &bytes)
      try object.present("packets", &packets)
      try object.present("dropped_packets", &droppedPackets)
      try object.present("delayed", &delayed)
      try object.present("waiting_bytes", &waitingBytes)
      try object.present("waiting_packets", &waitingPackets)
    }
  }

  /// Nil: no limit this way.
  public var receive: Way?
  public var transmit: Way?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("receive", &receive)
    try object.optional("transmit", &transmit)
  }
}
