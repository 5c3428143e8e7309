import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses

/// A network: what it was made as, with every default resolved.
///
/// It is kept as the API shows it; what the kernel is to be told follows from that.
struct NetworkDefinition: Sendable, Equatable {
  /// As inspect shows it, without its containers.
  var shown: Network

  init(shown: Network) {
    self.shown = shown
  }

  enum Driver: String, Sendable {
    case bridge, host, null, macvlan, ipvlan
  }

  var id: String { shown.id }
  var name: String { shown.name }
  /// A network of another driver cannot be made, so a record of one is damaged; it does nothing then.
  var driver: Driver { Driver(rawValue: shown.driver) ?? .null }

  /// Whether containers have an interface of their own in it.
  var holdsContainers: Bool { [.bridge, .macvlan, .ipvlan].contains(driver) }

  /// The networks that are always there.
  static let predefined: [(name: String, driver: Driver)] = [("bridge", .bridge), ("host", .host), ("none", .null)]
  var isPredefined: Bool { Self.predefined.contains { $0.name == name } }
  /// The one that containers are in which name none.
  var isDefault: Bool { name == "bridge" }

  static func predefined(_ name: String, _ driver: Driver, id: String, created: Timestamp) -> NetworkDefinition {
    if driver == .bridge { return byDefault(NetworkingConfiguration(), id: id, created: created.rfc3339, chosen: []) }
    var shown = Network()
    (shown.name, shown.id, shown.driver, shown.created) = (name, id, driver.rawValue, created.rfc3339)
    shown.ipam = IPAM(driver: "default", config: nil)
    return NetworkDefinition(shown: shown)
  }

  // MARK: Made by a client

  /// The names of the bridge driver's options.
  enum Option {
    static let bridgeName = "com.docker.network.bridge.name"
    static let masquerades = "com.docker.network.bridge.enable_ip_masquerade"
    static let connectsContainers = "com.docker.network.bridge.enable_icc"
    static let hostBinding = "com.docker.network.bridge.host_binding_ipv4"
    static let defaultBridge = "com.docker.network.bridge.default_bridge"
    static let mtu = "com.docker.network.driver.mtu"
    static let gatewayMode4 = "com.docker.network.bridge.gateway_mode_ipv4"
    static let gatewayMode6 = "com.docker.network.bridge.gateway_mode_ipv6"

    static let known = [bridgeName, masquerades, connectsContainers, hostBinding, gatewayMode4, gatewayMode6]
  }

  /// What a client asks for, checked; its subnets may still be missing.
  ///
  /// Throws: `invalid` for malformed values, `unsupported` for drivers and options that are not there, `forbidden` for the
  /// predefined networks, and for several subnets of one family in a bridge.
  ///
  /// - Parameter defaults: Options that the server gives to new networks of a driver, if they do not say otherwise.
  init(
    _ request: NetworkCreateRequest, id: String, created: Timestamp, defaults: [String: [String: String]] = [:]
  ) throws(ClassifiedError) {
    let name = request.name
    try Self.checkName(name)
    let driver = try Self.driver(of: request)
    try refuse("Ingress", if: request.isIngress)
    try refuse("the scope \(request.scope)", if: !["", "local"].contains(request.scope))
    shown = Network()
    (shown.name, shown.id, shown.driver, shown.created) = (name, id, driver.rawValue, created.rfc3339)
    shown.isInternal = request.isInternal
    shown.isAttachable = request.isAttachable
    shown.isConfigOnly = request.isConfigOnly
    shown.configFrom = request.configFrom ?? ConfigReference()
    shown.labels = request.labels ?? [:]
    shown.options = (defaults[driver.rawValue] ?? [:]).merging(request.options ?? [:]) { _, own in own }
    switch driver {
    case .bridge: try Self.check(options: shown.options)
    case .macvlan, .ipvlan: try checkParentOptions()
    // Of a network that holds configuration only: whoever takes it says for which driver it is.
    case .host, .null: break
    }
    let ipam = request.ipam ?? IPAM()
    try refuse("the IPAM driver \(ipam.driver)", if: !["", "default"].contains(ipam.driver))
    try refuse("IPAM options", if: ipam.options?.isEmpty == false)
    shown.ipam = IPAM(driver: "default", options: [:], config: ipam.config ?? [])
    let subnets = try pools().map(\.subnet.family)
    let families = Set(subnets)
    guard driver != .bridge || subnets.count == families.count else {
      throw ClassifiedError(
        .forbidden, "bridge driver doesn't support multiple subnets", advice: "give one of each address family")
    }
    shown.ipam.config = Self.sorted(shown.ipam.config ?? [])
    shown.enableIPv4 = request.enableIPv4 ?? true
    shown.enableIPv6 = request.enableIPv6 ?? families.contains(.version6)
    try require(shown.enableIPv4 || shown.enableIPv6, "IPv4 or IPv6 must be enabled")
    try require(shown.enableIPv4 || !families.contains(.version4), "IPv4 subnet given, but IPv4 is disabled")
    try require(shown.enableIPv6 || !families.contains(.version6), "IPv6 subnet given, but IPv6 is disabled")
    try require(
      !shown.enableIPv6 || mtu ?? 1280 >= 1280,
      "invalid value for \(Option.mtu): \(mtu ?? 0) is too small for IPv6, which needs 1280 (RFC 8200)")
  }

  /// The driver that a request names. One that holds configuration only has none.
  private static func driver(of request: NetworkCreateRequest) throws(ClassifiedError) -> Driver {
    if request.isConfigOnly {
      guard !request.isInternal, !request.isAttachable, !request.isIngress else {
        throw ClassifiedError(
          .forbidden,
          "configuration network can only contain network specific fields. Network operator fields like "
            + "[ ingress | internal | attachable | scope ] are not supported.")
      }
      return .null
    }
    switch request.driver {
    case "", "default", "bridge": return .bridge
    case "macvlan": return .macvlan
    case "ipvlan": return .ipvlan
    case "host", "null", "none":
      throw ClassifiedError(.forbidden, "only one instance of \"\(request.driver)\" network is allowed")
    default:
      throw ClassifiedError(
        .unsupported, "the network driver \(request.driver) is not supported yet",
        advice: "there are bridge, macvlan and ipvlan")
    }
  }

  private static func checkName(_ name: String) throws(ClassifiedError) {
    let first = name.utf8.first.map { isNameStart($0) } ?? false
    try require(
      first
        && name.utf8.allSatisfy {
          isNameStart($0) || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains($0)
        },
      name.isEmpty || name.allSatisfy(\.isWhitespace)
        ? "invalid network name: name is empty"
        : "invalid network name \(name): only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    if predefined.contains(where: { $0.name == name }) || name == "default" {
      throw ClassifiedError(.forbidden, "operation is not permitted on predefined \(name) network")
    }
    try require(!name.hasPrefix("container:"), "invalid network name \(name)")
  }

  private static func isNameStart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }

  private static func check(options: [String: String]) throws(ClassifiedError) {
    for (key, value) in options.sorted(by: { $0.key < $1.key }) {
      switch key {
      case Option.bridgeName:
        try require(
          (1...15).contains(value.utf8.count) && !value.contains("/") && !value.contains(where: \.isWhitespace)
            && value != "." && value != "..", "invalid bridge name: \(value)")
      case Option.masquerades, Option.connectsContainers:
        try require(["true", "false", "1", "0"].contains(value), "invalid value for \(key): \(value)")
      case Option.hostBinding:
        try require(IPAddress(value)?.family == .version4, "invalid value for \(key): \(value)")
      case Option.gatewayMode4, Option.gatewayMode6:
        try refuse("the gateway mode \(value)", if: ["nat-unprotected", "routed", "isolated"].contains(value))
        try require(["", "nat"].contains(value), "invalid value for \(key): \(value)")
      default: try checkCommon(key, value, known: Option.known)
      }
    }
  }

  // MARK: Addresses

  /// One subnet with what is set aside in it.
  struct Pool: Sendable, Equatable {
    var subnet: IPPrefix
    var gateway: IPAddress
    /// Whether somebody chose the gateway; else it is the first address.
    var isGatewayGiven: Bool
    var range: IPPrefix?
    var auxiliary: [IPAddress]
  }

  /// The subnets, in order.
  ///
  /// Throws: `invalid` for the first value that is none.
  func pools() throws(ClassifiedError) -> [Pool] {
    var pools: [Pool] = []
    for config in shown.ipam.config ?? [] where config != IPAMPool() {
      let pool = try Self.pool(config)
      try require(
        !pools.contains { $0.subnet.overlaps(pool.subnet) },
        "invalid pool request: Pool overlaps with other one on this address space")
      pools.append(pool)
    }
    return pools
  }

  private static func pool(_ config: IPAMPool) throws(ClassifiedError) -> Pool {
    let text = config.subnet ?? ""
    guard let written = InterfaceAddress(text) else {
      throw ClassifiedError(
        .invalid,
        text.isEmpty
          ? "a subnet is needed beside a range or a gateway" : "invalid subnet \(text): invalid CIDR block notation")
    }
    let subnet = written.network
    try require(
      written.isNetworkAddress, "invalid subnet \(text): it should be \(subnet)")
    try require(
      subnet.length <= subnet.family.bitWidth - 2, "invalid subnet \(text): there is no room for a container in it")
    func address(_ text: String, _ name: String) throws(ClassifiedError) -> IPAddress {
      guard let address = IPAddress(text) else { throw ClassifiedError(.invalid, "invalid \(name) address \(text)") }
      try require(subnet.contains(address), "invalid \(name) address \(text): parent subnet is \(subnet)")
      return address
    }
    var range: IPPrefix?
    if let text = config.ipRange, !text.isEmpty {
      guard let written = IPPrefix(text), subnet.contains(written) else {
        throw ClassifiedError(.invalid, "invalid ip-range \(text): it is no part of the subnet \(subnet)")
      }
      range = written
    }
    let gateway = try config.gateway.flatMap { $0.isEmpty ? nil : $0 }.map { text throws(ClassifiedError) in
      try address(text, "gateway")
    }
    var auxiliary: [IPAddress] = []
    for (_, text) in (config.auxiliaryAddresses ?? [:]).sorted(by: { $0.key < $1.key }) {
      auxiliary.append(try address(text, "auxiliary"))
    }
    return Pool(
      subnet: subnet, gateway: gateway ?? subnet.hosts.lowerBound, isGatewayGiven: gateway != nil, range: range,
      auxiliary: auxiliary)
  }

  /// The families for which a subnet is still to be chosen.
  var missingFamilies: [IPAddress.Family] {
    let present = Set(((try? pools()) ?? []).map(\.subnet.family))
    return [(shown.enableIPv4, IPAddress.Family.version4), (shown.enableIPv6, .version6)]
      .filter { $0.0 && !present.contains($0.1) }.map(\.1)
  }

  /// Adds a subnet that was chosen.
  mutating func add(subnet: IPPrefix) {
    let written = (shown.ipam.config ?? []).filter { $0 != IPAMPool() }
    let gateway = needsGateway ? "\(subnet.hosts.lowerBound)" : nil
    shown.ipam.config = Self.sorted(written + [IPAMPool(subnet: "\(subnet)", gateway: gateway)])
  }

  /// IPv4 comes first: whoever wants the subnet of a network reads the first one.
  private static func sorted(_ pools: [IPAMPool]) -> [IPAMPool] {
    let isOfVersion6 = { (pool: IPAMPool) in pool.subnet?.contains(":") == true }
    return pools.filter { !isOfVersion6($0) } + pools.filter(isOfVersion6)
  }

  /// What a container's place is called in a network where it has nothing of its own, and so nothing that is written
  /// down: another id for each of its runs.
  static func endpointID(in network: String, of container: String, since started: String) -> String {
    (0..<8).map { NetworkHost.mark(of: "\($0) \(network) \(container) \(started)") }.joined()
  }

  // MARK: For the kernel

  /// - Parameter defaultName: What the default network's bridge is called.
  func bridge(defaultName: String) throws(ClassifiedError) -> Bridge {
    let options = shown.options
    let gateways = try pools().compactMap { InterfaceAddress($0.gateway, in: $0.subnet) }
    var bridge = Bridge(
      options[Option.bridgeName] ?? (isDefault ? defaultName : "br-\(id.prefix(12))"), gateways: gateways, mtu: mtu)
    bridge.isInternal = shown.isInternal
    bridge.masquerades = Self.isOn(options[Option.masquerades])
    bridge.connectsContainers = Self.isOn(options[Option.connectsContainers])
    return bridge
  }

  /// In bytes; nil: the kernel's choice.
  var mtu: UInt32? { shown.options[Option.mtu].flatMap { UInt32($0) } }

  /// The address that ports are published at when none is named.
  var hostBinding: IPAddress {
    shown.options[Option.hostBinding].flatMap { IPAddress($0) } ?? .unspecified(.version4)
  }

  private static func isOn(_ value: String?) -> Bool { value != "false" && value != "0" }
}
