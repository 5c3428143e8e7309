/// A port of the host that leads to a container's. An empty port means any free one.
public struct PortBinding: Codable, Sendable, Equatable {
  @Present public var hostIP: String = ""
  @Present public var hostPort: String = ""

  public init(hostIP: String = "", hostPort: String = "") {
    self.hostIP = hostIP
    self.hostPort = hostPort
  }

  private enum CodingKeys: String, CodingKey {
    case hostIP = "HostIp"
    case hostPort = "HostPort"
  }
}

/// A port in `GET /containers/json`.
public struct PortSummary: Codable, Sendable, Equatable {
  public var ip: String?
  @Present public var privatePort: UInt16 = 0
  public var publicPort: UInt16?
  @Present public var type: String = "tcp"

  public init(ip: String? = nil, privatePort: UInt16 = 0, publicPort: UInt16? = nil, type: String = "tcp") {
    self.ip = ip
    self.privatePort = privatePort
    self.publicPort = publicPort
    self.type = type
  }

  private enum CodingKeys: String, CodingKey {
    case ip = "IP"
    case privatePort = "PrivatePort"
    case publicPort = "PublicPort"
    case type = "Type"
  }
}

/// The networks that a new container joins, by name.
public struct NetworkingConfig: Codable, Sendable, Equatable {
  @Nullable public var endpointsConfig: [String: EndpointSettings]?

  public init(endpointsConfig: [String: EndpointSettings]? = nil) {
    self.endpointsConfig = endpointsConfig
  }

  private enum CodingKeys: String, CodingKey {
    case endpointsConfig = "EndpointsConfig"
  }
}

/// A container's place in one network: what was asked for, and what it got.
public struct EndpointSettings: Codable, Sendable, Equatable {
  @Nullable public var ipamConfig: EndpointIPAMConfig?
  @Nullable public var links: [String]?
  @Nullable public var aliases: [String]?
  @Present public var macAddress: String = ""
  @Nullable public var driverOpts: [String: String]?
  @Present public var gwPriority: Int64 = 0
  @Present public var networkID: String = ""
  @Present public var endpointID: String = ""
  @Present public var gateway: String = ""
  @Present public var ipAddress: String = ""
  @Present public var ipPrefixLen: Int = 0
  @Present public var ipv6Gateway: String = ""
  @Present public var globalIPv6Address: String = ""
  @Present public var globalIPv6PrefixLen: Int = 0
  @Nullable public var dnsNames: [String]?

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case ipamConfig = "IPAMConfig"
    case links = "Links"
    case aliases = "Aliases"
    case macAddress = "MacAddress"
    case driverOpts = "DriverOpts"
    case gwPriority = "GwPriority"
    case networkID = "NetworkID"
    case endpointID = "EndpointID"
    case gateway = "Gateway"
    case ipAddress = "IPAddress"
    case ipPrefixLen = "IPPrefixLen"
    case ipv6Gateway = "IPv6Gateway"
    case globalIPv6Address = "GlobalIPv6Address"
    case globalIPv6PrefixLen = "GlobalIPv6PrefixLen"
    case dnsNames = "DNSNames"
  }
}

/// Addresses that a client asks for.
public struct EndpointIPAMConfig: Codable, Sendable, Equatable {
  public var ipv4Address: String?
  public var ipv6Address: String?
  public var linkLocalIPs: [String]?

  public init(ipv4Address: String? = nil, ipv6Address: String? = nil, linkLocalIPs: [String]? = nil) {
    self.ipv4Address = ipv4Address
    self.ipv6Address = ipv6Address
    self.linkLocalIPs = linkLocalIPs
  }

  private enum CodingKeys: String, CodingKey {
    case ipv4Address = "IPv4Address"
    case ipv6Address = "IPv6Address"
    case linkLocalIPs = "LinkLocalIPs"
  }
}

/// The networks of a container in inspect. The fields before `networks` describe the default bridge.
public struct NetworkSettings: Codable, Sendable, Equatable, ZeroValue {
  @Present public var bridge: String = ""
  @Present public var sandboxID: String = ""
  @Present public var sandboxKey: String = ""
  @Present public var ports: PortMap = [:]
  @Present public var hairpinMode: Bool = false
  @Present public var linkLocalIPv6Address: String = ""
  @Present public var linkLocalIPv6PrefixLen: Int = 0
  @Nullable public var secondaryIPAddresses: [EndpointAddress]?
  @Nullable public var secondaryIPv6Addresses: [EndpointAddress]?
  @Present public var endpointID: String = ""
  @Present public var gateway: String = ""
  @Present public var globalIPv6Address: String = ""
  @Present public var globalIPv6PrefixLen: Int = 0
  @Present public var ipAddress: String = ""
  @Present public var ipPrefixLen: Int = 0
  @Present public var ipv6Gateway: String = ""
  @Present public var macAddress: String = ""
  @Present public var networks: [String: EndpointSettings] = [:]

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case bridge = "Bridge"
    case sandboxID = "SandboxID"
    case sandboxKey = "SandboxKey"
    case ports = "Ports"
    case hairpinMode = "HairpinMode"
    case linkLocalIPv6Address = "LinkLocalIPv6Address"
    case linkLocalIPv6PrefixLen = "LinkLocalIPv6PrefixLen"
    case secondaryIPAddresses = "SecondaryIPAddresses"
    case secondaryIPv6Addresses = "SecondaryIPv6Addresses"
    case endpointID = "EndpointID"
    case gateway = "Gateway"
    case globalIPv6Address = "GlobalIPv6Address"
    case globalIPv6PrefixLen = "GlobalIPv6PrefixLen"
    case ipAddress = "IPAddress"
    case ipPrefixLen = "IPPrefixLen"
    case ipv6Gateway = "IPv6Gateway"
    case macAddress = "MacAddress"
    case networks = "Networks"
  }
}

/// An address with the length of its prefix.
public struct EndpointAddress: Codable, Sendable, Equatable {
  @Present public var address: String = ""
  @Present public var prefixLength: Int = 0

  public init(address: String = "", prefixLength: Int = 0) {
    self.address = address
    self.prefixLength = prefixLength
  }

  private enum CodingKeys: String, CodingKey {
    case address = "Addr"
    case prefixLength = "PrefixLen"
  }
}
