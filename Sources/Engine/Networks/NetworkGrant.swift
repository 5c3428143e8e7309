import ContainerNetwork
import EngineAPI
import NetworkAddresses

/// What a running container has of its networks. It is written down before the first of it is used, and taken back
/// after the last of it is gone.
struct NetworkGrant: APIObject, Equatable {
  var endpoints: [Endpoint] = []
  var ports: [Port] = []
  /// The path to the network namespace: of the shim that holds it.
  var sandboxKey = ""
  /// What the container's resolver is told besides its networks; nil: it has none, and asks the machine's resolvers.
  var resolver: Resolver?
  /// How fast it may receive and send; nil: no limit.
  var bandwidth: NetworkBandwidth?
  /// What the names of the links begin with that keep it to that.
  var limiter: String?
  /// The directory of its cgroup, of one in the machine's own network: it has a limit, and nothing else is granted.
  var limitedCgroup: String?
  /// Whether its networks are being changed: what of that is done, down to the container's files, is not known.
  var isChanging = false

  mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("endpoints", &endpoints)
    try object.present("ports", &ports)
    try object.present("sandboxKey", &sandboxKey)
    try object.optional("resolver", &resolver)
    try object.optional("bandwidth", &bandwidth)
    try object.optional("limiter", &limiter)
    try object.optional("limitedCgroup", &limitedCgroup)
    try object.present("isChanging", &isChanging)
  }

  /// A place in one network.
  struct Endpoint: APIObject, Equatable {
    /// The network's id and name.
    var network = ""
    var name = ""
    var id = ""
    /// The host's end of the cable; empty: it has none, since its network is on a parent link.
    var link = ""
    /// Which of the container's interfaces it is, from 0.
    var ordinal = 0
    /// What the interface is called in the container; empty, of an older server: eth and the ordinal.
    var interfaceName = ""
    /// Its own settings: files below /proc/sys/net.
    var settings: [String: String] = [:]
    var macAddress = ""
    /// `address/length`; empty: none.
    var ipv4 = ""
    var ipv6 = ""
    /// Empty: no way out. Unspecified: all is sent to the wire, without a router.
    var gateway4 = ""
    var gateway6 = ""
    /// What the container is called in this network, by others; the first is its name. None in the default network.
    var names: [String] = []

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("network", &network)
      try object.present("name", &name)
      try object.present("id", &id)
      try object.present("link", &link)
      try object.present("ordinal", &ordinal)
      try object.present("interfaceName", &interfaceName)
      try object.present("settings", &settings)
      try object.present("macAddress", &macAddress)
      try object.present("ipv4", &ipv4)
      try object.present("ipv6", &ipv6)
      try object.present("gateway4", &gateway4)
      try object.present("gateway6", &gateway6)
      try object.present("names", &names)
    }

    var addresses: [InterfaceAddress] { [ipv4, ipv6].compactMap { InterfaceAddress($0) } }
    var gateways: [IPAddress] { [gateway4, gateway6].compactMap { IPAddress($0) } }
    var mac: MACAddress { MACAddress(macAddress) ?? MACAddress(number: 0) }

    /// Whether a cable leads from here to a bridge.
    var isCabled: Bool { !link.isEmpty }

    /// What may come out of its cable, which leads to a bridge.
    func sender(to bridge: Bridge) -> SenderCheck {
      SenderCheck(
        macAddress: mac, addresses: addresses.map(\.address),
        destinations: bridge.isInternal ? bridge.gateways.map(\.network) : nil)
    }

    /// The interface in the container.
    func interface(mtu: UInt32?) -> SandboxInterface {
      var interface = SandboxInterface(
        interfaceName.isEmpty ? "eth\(ordinal)" : interfaceName, macAddress: mac, mtu: mtu, addresses: addresses,
        gateways: gateways)
      interface.settings = settings
      return interface
    }
  }

  /// A port of the host that leads to the container.
  struct Port: APIObject, Equatable {
    var transport = "tcp"
    var hostAddress = ""
    var hostPort: UInt16 = 0
    var containerAddress = ""
    var containerPort: UInt16 = 0

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("transport", &transport)
      try object.present("hostAddress", &hostAddress)
      try object.present("hostPort", &hostPort)
      try object.present("containerAddress", &containerAddress)
      try object.present("containerPort", &containerPort)
    }

    /// Nil when the record is damaged.
    var published: PublishedPort? {
      guard let transport = TransportProtocol(rawValue: transport), let host = IPAddress(hostAddress),
        let container = IPAddress(containerAddress)
      else { return nil }
      return PublishedPort(transport, host: host, hostPort, container: container, containerPort)
    }
  }

  /// Whom a container's resolver asks, and what it keeps to itself.
  struct Resolver: APIObject, Equatable {
    /// Addresses; none: this machine's resolvers.
    var servers: [String] = []
    /// Whether names of one label are not passed on.
    var keepsSingleLabels = false
    /// `alias` to `network/name`.
    var links: [String: String] = [:]
    /// Addresses, by the name in lower case, of the machine as its hosts file has it.
    var hosts: [String: [String]] = [:]

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("servers", &servers)
      try object.present("keepsSingleLabels", &keepsSingleLabels)
      try object.present("links", &links)
      try object.present("hosts", &hosts)
    }
  }

  /// The process that holds the network namespace: the shim.
  var sandboxHolder: Int32? {
    let parts = sandboxKey.split(separator: "/")
    return parts.count == 4 && parts[0] == "proc" ? Int32(parts[1]) : nil
  }

  /// Those that are in bridges.
  var cabled: [Endpoint] { endpoints.filter(\.isCabled) }
  var publishedPorts: [PublishedPort] { ports.compactMap(\.published) }
}
