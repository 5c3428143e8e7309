/// A port of the host that leads to a container's. An empty port means any free one.
public struct PortBinding: APIObject, Equatable {
  public var hostIP: String = ""
  public var hostPort: String = ""

  public init() {}

  public init(hostIP: String = "", hostPort: String = "") {
    self.hostIP = hostIP
    self.hostPort = hostPort
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("HostIp", &hostIP)
    try object.present("HostPort", &hostPort)
  }
}

/// A port in `GET /containers/json`.
public struct PortSummary: APIObject, Equatable {
  public var ip: String?
  public var privatePort: UInt16 = 0
  public var publicPort: UInt16?
  public var type: String = "tcp"

  public init() {}

  public init(ip: String? = nil, privatePort: UInt16 = 0, publicPort: UInt16? = nil, type: String = "tcp") {
    self.ip = ip
    self.privatePort = privatePort
    self.publicPort = publicPort
    self.type = type
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("IP", &ip)
    try object.present("PrivatePort", &privatePort)
    try object.optional("PublicPort", &publicPort)
    try object.present("Type", &type)
  }
}

/// The networks that a new container joins, by name.
public struct NetworkingConfig: APIObject, Equatable {
  public var endpointsConfig: [String: EndpointSettings]?

  public init() {}

  public init(endpointsConfig: [String: EndpointSettings]? = nil) {
    self.endpointsConfig = endpointsConfig
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.nullable("EndpointsConfig", &endpointsConfig)
  }
}

/// A container's place in one network: what was asked for, and what it got.
public struct EndpointSettings: APIObject, Equatable {
  public var ipamConfig: EndpointIPAMConfig?
  public var links: [String]?
  public var aliases: [String]?
  public var macAddress: String = ""
  public var driverOpts: [String: String]?
  public var gwPriority: Int64 = 0
  public var networkID: String = ""
  public var endpointID: String = ""
  public var gateway: String = ""
  public var ipAddress: String = ""
  public var ipPrefixLen: Int = 0
  public var ipv6Gateway: String = ""
  public var globalIPv6Address: String = ""
  public var globalIPv6PrefixLen: Int = 0
  public var dnsNames: [String]?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.nullable("IPAMConfig", &ipamConfig)
    try object.nullable("Links", &links)
    try object.nullable("Aliases", &aliases)
    try object.present("MacAddress", &macAddress)
    try object.nullable("DriverOpts", &driverOpts)
    try object.present("GwPriority", &gwPriority)
    try object.present("NetworkID", &networkID)
    try object.present("EndpointID", &endpointID)
    try object.present("Gateway", &gateway)
    try object.present("IPAddress", &ipAddress)
    try object.present("IPPrefixLen", &ipPrefixLen)
    try object.present("IPv6Gateway", &ipv6Gateway)
    try object.present("GlobalIPv6Address", &globalIPv6Address)
    try object.present("GlobalIPv6PrefixLen", &globalIPv6PrefixLen)
    try object.nullable("DNSNames", &dnsNames)
  }
}

/// Addresses that a client asks for.
public struct EndpointIPAMConfig: APIObject, Equatable {
  public var ipv4Address: String?
  public var ipv6Address: String?
  public var linkLocalIPs: [String]?

  public init() {}

  public init(ipv4Address: String? = nil, ipv6Address: String? = nil, linkLocalIPs: [String]? = nil) {
    self.ipv4Address = ipv4Address
    self.ipv6Address = ipv6Address
    self.linkLocalIPs = linkLocalIPs
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("IPv4Address", &ipv4Address)
    try object.optional("IPv6Address", &ipv6Address)
    try object.optional("LinkLocalIPs", &linkLocalIPs)
  }
}

/// The networks of a container in inspect. The fields before `networks` describe the default bridge.
public struct NetworkSettings: APIObject, Equatable {
  public var bridge: String = ""
  public var sandboxID: String = ""
  public var sandboxKey: String = ""
  public var ports: PortMap = [:]
  public var hairpinMode: Bool = false
  public var linkLocalIPv6Address: String = ""
  public var linkLocalIPv6PrefixLen: Int = 0
  public var secondaryIPAddresses: [EndpointAddress]?
  public var secondaryIPv6Addresses: [EndpointAddress]?
  public var endpointID: String = ""
  public var gateway: String = ""
  public var globalIPv6Address: String = ""
  public var globalIPv6PrefixLen: Int = 0
  public var ipAddress: String = ""
  public var ipPrefixLen: Int = 0
  public var ipv6Gateway: String = ""
  public var macAddress: String = ""
  public var networks: [String: EndpointSettings] = [:]

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Bridge", &bridge)
    try object.present("SandboxID", &sandboxID)
    try object.present("SandboxKey", &sandboxKey)
    try object.present("Ports", &ports)
    try object.present("HairpinMode", &hairpinMode)
    try object.present("LinkLocalIPv6Address", &linkLocalIPv6Address)
    try object.present("LinkLocalIPv6PrefixLen", &linkLocalIPv6PrefixLen)
    try object.nullable("SecondaryIPAddresses", &secondaryIPAddresses)
    try object.nullable("SecondaryIPv6Addresses", &secondaryIPv6Addresses)
    try object.present("EndpointID", &endpointID)
    try object.present("Gateway", &gateway)
    try object.present("GlobalIPv6Address", &globalIPv6Address)
    try object.present("GlobalIPv6PrefixLen", &globalIPv6PrefixLen)
    try object.present("IPAddress", &ipAddress)
    try object.present("IPPrefixLen", &ipPrefixLen)
    try object.present("IPv6Gateway", &ipv6Gateway)
    try object.present("MacAddress", &macAddress)
    try object.present("Networks", &networks)
  }
}

/// An address with the length of its prefix.
public struct EndpointAddress: APIObject, Equatable {
  public var address: String = ""
  public var prefixLength: Int = 0

  public init() {}

  public init(address: String = "", prefixLength: Int = 0) {
    self.address = address
    self.prefixLength = prefixLength
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Addr", &address)
    try object.present("PrefixLen", &prefixLength)
  }
}
