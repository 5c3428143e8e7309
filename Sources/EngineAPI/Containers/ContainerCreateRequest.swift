/// `POST /containers/create`: the portable configuration with two more objects among its fields.
public struct ContainerCreateRequest: APIObject, Equatable {
  public var config = ContainerConfig()
  public var hostConfig = HostConfig()
  public var networkingConfig: NetworkingConfig?

  public init() {}

  public init(
    config: ContainerConfig = ContainerConfig(), hostConfig: HostConfig = HostConfig(),
    networkingConfig: NetworkingConfig? = nil
  ) {
    self.config = config
    self.hostConfig = hostConfig
    self.networkingConfig = networkingConfig
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try config.fields(&object)
    try object.present("HostConfig", &hostConfig)
    try object.optional("NetworkingConfig", &networkingConfig)
  }
}
