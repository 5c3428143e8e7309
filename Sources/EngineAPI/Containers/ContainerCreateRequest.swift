/// `POST /containers/create`: the portable configuration with two more objects among its fields.
public struct ContainerCreateRequest: Codable, Sendable, Equatable {
  public var config: ContainerConfig
  public var hostConfig: HostConfig
  public var networkingConfig: NetworkingConfig?

  public init(
    config: ContainerConfig = ContainerConfig(), hostConfig: HostConfig = HostConfig(),
    networkingConfig: NetworkingConfig? = nil
  ) {
    self.config = config
    self.hostConfig = hostConfig
    self.networkingConfig = networkingConfig
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    config = try ContainerConfig(from: decoder)
    hostConfig = try container.decodeIfPresent(HostConfig.self, forKey: .hostConfig) ?? HostConfig()
    networkingConfig = try container.decodeIfPresent(NetworkingConfig.self, forKey: .networkingConfig)
  }

  public func encode(to encoder: any Encoder) throws {
    try config.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(hostConfig, forKey: .hostConfig)
    try container.encodeIfPresent(networkingConfig, forKey: .networkingConfig)
  }

  private enum CodingKeys: String, CodingKey {
    case hostConfig = "HostConfig"
    case networkingConfig = "NetworkingConfig"
  }
}
