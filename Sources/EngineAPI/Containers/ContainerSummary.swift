/// One container in `GET /containers/json`.
public struct ContainerSummary: APIObject, Equatable {
  public var id: String = ""
  /// Each starts with `/`.
  public var names: [String] = []
  /// The image's name as it was given at create.
  public var image: String = ""
  public var imageID: String = ""
  public var command: String = ""
  /// Unix time in seconds.
  public var created: Int64 = 0
  public var ports: [PortSummary] = []
  /// Bytes of the writable layer, when asked for.
  public var sizeRw: Int64?
  /// Bytes of the whole root filesystem, when asked for.
  public var sizeRootFs: Int64?
  public var labels: [String: String] = [:]
  /// As `ContainerState.status`.
  public var state: String = ""
  /// For people: `Up 3 minutes`, `Exited (0) 2 hours ago`.
  public var status: String = ""
  public var hostConfig: SummaryHostConfig = SummaryHostConfig()
  public var networkSettings: SummaryNetworkSettings = SummaryNetworkSettings()
  public var mounts: [MountPoint] = []

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Id", &id)
    try object.present("Names", &names)
    try object.present("Image", &image)
    try object.present("ImageID", &imageID)
    try object.present("Command", &command)
    try object.present("Created", &created)
    try object.present("Ports", &ports)
    try object.optional("SizeRw", &sizeRw)
    try object.optional("SizeRootFs", &sizeRootFs)
    try object.present("Labels", &labels)
    try object.present("State", &state)
    try object.present("Status", &status)
    try object.present("HostConfig", &hostConfig)
    try object.present("NetworkSettings", &networkSettings)
    try object.present("Mounts", &mounts)
  }
}

/// The part of the host configuration that a list shows.
public struct SummaryHostConfig: APIObject, Equatable {
  public var networkMode: String = ""
  public var annotations: [String: String]?

  public init() {}

  public init(networkMode: String = "", annotations: [String: String]? = nil) {
    self.networkMode = networkMode
    self.annotations = annotations
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("NetworkMode", &networkMode)
    try object.optional("Annotations", &annotations)
  }
}

/// The part of the network settings that a list shows.
public struct SummaryNetworkSettings: APIObject, Equatable {
  public var networks: [String: EndpointSettings] = [:]

  public init() {}

  public init(networks: [String: EndpointSettings] = [:]) {
    self.networks = networks
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Networks", &networks)
  }
}
