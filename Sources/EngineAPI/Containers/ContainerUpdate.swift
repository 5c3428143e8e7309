/// `POST /containers/{id}/update`: limits and the restart policy, as Docker has it; bandwidth and ports are ours.
public struct ContainerUpdateRequest: APIObject, Equatable {
  /// The changes. Of all its fields only the limits (`cgroupParent` to `blkioDeviceWriteIOps`), `restartPolicy`,
  /// `networkBandwidth`, `devices` and `ulimits` and their like are sent and read; zero, empty and nil leave things as
  /// they are. A device with rate 0 loses its limit.
  public var changes = HostConfig()
  /// Ports that are to be published besides; nil: none.
  public var publishAdd: PortMap?
  /// Published ports to take back; nil: none. `hostIP:hostPort/proto` is one of the host's, an IPv6 address in brackets,
  /// and no address before the colon means all; `containerPort/proto` is all that lead to one of the container's;
  /// `hostIP:hostPort:containerPort/proto` says both, where the host's may be a range that one was to be chosen from. A
  /// protocol that is missing is tcp.
  public var publishRemove: [String]?

  public init() {}

  public init(changes: HostConfig, publishAdd: PortMap? = nil, publishRemove: [String]? = nil) {
    self.changes = changes
    self.publishAdd = publishAdd
    self.publishRemove = publishRemove
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try changes.limitsFields(&object)
    // An update changes none of these: they are read so that nobody waits for it in vain.
    try object.optional("Devices", &changes.devices)
    try object.optional("DeviceCgroupRules", &changes.deviceCgroupRules)
    try object.optional("DeviceRequests", &changes.deviceRequests)
    try object.optional("Ulimits", &changes.ulimits)
    try object.present("RestartPolicy", &changes.restartPolicy)
    try object.optional("NetworkBandwidth", &changes.networkBandwidth)
    try object.optional("PublishAdd", &publishAdd)
    try object.optional("PublishRemove", &publishRemove)
  }
}

/// What `POST /containers/{id}/update` answers.
public struct ContainerUpdateResponse: APIObject, Equatable {
  public var warnings: [String]?

  public init() {}

  public init(warnings: [String]?) {
    self.warnings = warnings
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.nullable("Warnings", &warnings)
  }
}
