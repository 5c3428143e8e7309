/// One container in `GET /containers/json`.
public struct ContainerSummary: Codable, Sendable, Equatable {
  @Present public var id: String = ""
  /// Each starts with `/`.
  @Present public var names: [String] = []
  /// The image's name as it was given at create.
  @Present public var image: String = ""
  @Present public var imageID: String = ""
  @Present public var command: String = ""
  /// Unix time in seconds.
  @Present public var created: Int64 = 0
  @Present public var ports: [PortSummary] = []
  /// Bytes of the writable layer, when asked for.
  public var sizeRw: Int64?
  /// Bytes of the whole root filesystem, when asked for.
  public var sizeRootFs: Int64?
  @Present public var labels: [String: String] = [:]
  /// As `ContainerState.status`.
  @Present public var state: String = ""
  /// For people: `Up 3 minutes`, `Exited (0) 2 hours ago`.
  @Present public var status: String = ""
  @Present public var hostConfig: SummaryHostConfig = SummaryHostConfig()
  @Present public var networkSettings: SummaryNetworkSettings = SummaryNetworkSettings()
  @Present public var mounts: [MountPoint] = []

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case names = "Names"
    case image = "Image"
    case imageID = "ImageID"
    case command = "Command"
    case created = "Created"
    case ports = "Ports"
    case sizeRw = "SizeRw"
    case sizeRootFs = "SizeRootFs"
    case labels = "Labels"
    case state = "State"
    case status = "Status"
    case hostConfig = "HostConfig"
    case networkSettings = "NetworkSettings"
    case mounts = "Mounts"
  }
}

/// The part of the host configuration that a list shows.
public struct SummaryHostConfig: Codable, Sendable, Equatable, ZeroValue {
  @Present public var networkMode: String = ""
  public var annotations: [String: String]?

  public init() {}

  public init(networkMode: String = "", annotations: [String: String]? = nil) {
    self.networkMode = networkMode
    self.annotations = annotations
  }

  private enum CodingKeys: String, CodingKey {
    case networkMode = "NetworkMode"
    case annotations = "Annotations"
  }
}

/// The part of the network settings that a list shows.
public struct SummaryNetworkSettings: Codable, Sendable, Equatable, ZeroValue {
  @Present public var networks: [String: EndpointSettings] = [:]

  public init() {}

  public init(networks: [String: EndpointSettings] = [:]) {
    self.networks = networks
  }

  private enum CodingKeys: String, CodingKey {
    case networks = "Networks"
  }
}
