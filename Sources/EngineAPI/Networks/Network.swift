/// A network, in `GET /networks` and `GET /networks/{id}`. The list leaves `containers` empty.
public struct Network: APIObject, Equatable {
  public var name: String = ""
  public var id: String = ""
  /// RFC 3339 with nanoseconds.
  public var created: String = ""
  /// `local`; `swarm` and `global` are of clusters.
  public var scope: String = "local"
  /// `bridge`, `host`, `null`, `macvlan`, `ipvlan`.
  public var driver: String = ""
  public var enableIPv4: Bool = true
  public var enableIPv6: Bool = false
  public var ipam: IPAM = IPAM()
  /// Without a way out.
  public var isInternal: Bool = false
  public var isAttachable: Bool = false
  public var isIngress: Bool = false
  public var configFrom: ConfigReference = ConfigReference()
  public var isConfigOnly: Bool = false
  /// The running containers in it, by id.
  public var containers: [String: NetworkContainer] = [:]
  /// Of the driver, such as `com.docker.network.bridge.name`.
  public var options: [String: String] = [:]
  public var labels: [String: String] = [:]

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Name", &name)
    try object.present("Id", &id)
    try object.present("Created", &created)
    try object.present("Scope", &scope)
    try object.present("Driver", &driver)
    try object.present("EnableIPv4", &enableIPv4)
    try object.present("EnableIPv6", &enableIPv6)
    try object.present("IPAM", &ipam)
    try object.present("Internal", &isInternal)
    try object.present("Attachable", &isAttachable)
    try object.present("Ingress", &isIngress)
    try object.present("ConfigFrom", &configFrom)
    try object.present("ConfigOnly", &isConfigOnly)
    try object.present("Containers", &containers)
    try object.present("Options", &options)
    try object.present("Labels", &labels)
  }
}

/// Where the addresses of a network come from.
public struct IPAM: APIObject, Equatable {
  public var driver: String = ""
  /// Of the driver. The default network has null here, one that was created an object.
  public var options: [String: String]?
  /// One pool for each subnet; null for `host` and `none`, which have none.
  public var config: [IPAMPool]?

  public init() {}

  public init(driver: String = "", options: [String: String]? = nil, config: [IPAMPool]? = nil) {
    self.driver = driver
    self.options = options
    self.config = config
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Driver", &driver)
    try object.nullable("Options", &options)
    try object.nullable("Config", &config)
  }
}

/// A subnet of a network, IPv4 or IPv6. Prefixes are `address/length`; what is nil is not said.
public struct IPAMPool: APIObject, Equatable {
  public var subnet: String?
  /// The part of the subnet that containers get addresses from.
  public var ipRange: String?
  public var gateway: String?
  /// Addresses that are taken by something else, by a name for it.
  public var auxiliaryAddresses: [String: String]?

  public init() {}

  public init(
    subnet: String? = nil, ipRange: String? = nil, gateway: String? = nil, auxiliaryAddresses: [String: String]? = nil
  ) {
    self.subnet = subnet
    self.ipRange = ipRange
    self.gateway = gateway
    self.auxiliaryAddresses = auxiliaryAddresses
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("Subnet", &subnet)
    try object.optional("IPRange", &ipRange)
    try object.optional("Gateway", &gateway)
    try object.optional("AuxiliaryAddresses", &auxiliaryAddresses)
  }
}

/// The network whose configuration another one takes over, by name; empty: none.
public struct ConfigReference: APIObject, Equatable {
  public var network: String = ""

  public init() {}

  public init(network: String) {
    self.network = network
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Network", &network)
  }
}

/// A container in a network.
public struct NetworkContainer: APIObject, Equatable {
  public var name: String = ""
  public var endpointID: String = ""
  public var macAddress: String = ""
  /// With the length of the prefix: `172.18.0.2/16`; empty: none.
  public var ipv4Address: String = ""
  public var ipv6Address: String = ""

  public init() {}

  public init(
    name: String = "", endpointID: String = "", macAddress: String = "", ipv4Address: String = "",
    ipv6Address: String = ""
  ) {
    self.name = name
    self.endpointID = endpointID
    self.macAddress = macAddress
    self.ipv4Address = ipv4Address
    self.ipv6Address = ipv6Address
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Name", &name)
    try object.present("EndpointID", &endpointID)
    try object.present("MacAddress", &macAddress)
    try object.present("IPv4Address", &ipv4Address)
    try object.present("IPv6Address", &ipv6Address)
  }
}
