public import Diagnostics
public import EngineAPI

/// What one `--network` asks for: a name, or `name=…,alias=…,ip=…`.
public struct NetworkOption: Sendable, Equatable {
  public var name: String
  public var endpoint = EndpointSettings()

  /// Throws: kind `invalid` for an unknown key or no name.
  public init(_ text: String) throws(ClassifiedError) {
    name = text
    guard text.contains("=") else { return }
    name = ""
    for field in try OptionText.fields(text) {
      guard let (key, value) = field.cut(at: "="), !key.isEmpty else {
        throw ClassifiedError(.invalid, "invalid field \(field)")
      }
      try set(key.lowercased(), value)
    }
    if name.isEmpty { throw ClassifiedError(.invalid, "network name/id is not specified") }
  }

  private mutating func set(_ key: String, _ value: String) throws(ClassifiedError) {
    switch key {
    case "name": name = value
    case "alias": endpoint.aliases = (endpoint.aliases ?? []) + [value]
    case "ip", "ip6", "link-local-ip":
      var addresses = endpoint.ipamConfig ?? EndpointIPAMConfig()
      if key == "ip" { addresses.ipv4Address = value }
      if key == "ip6" { addresses.ipv6Address = value }
      if key == "link-local-ip" { addresses.linkLocalIPs = (addresses.linkLocalIPs ?? []) + [value] }
      endpoint.ipamConfig = addresses
    case "mac-address": endpoint.macAddress = value
    case "driver-opt":
      let driverOption = try Self.driverOption(value)
      endpoint.driverOpts = (endpoint.driverOpts ?? [:]).merging([driverOption.key: driverOption.value]) { $1 }
    case "gw-priority":
      guard let priority = Int64(value) else {
        throw ClassifiedError(.invalid, "invalid gw-priority (\(value)): invalid syntax")
      }
      endpoint.gwPriority = priority
    default: throw ClassifiedError(.invalid, "invalid field key \(key)")
    }
  }

  /// Reads `key=value` of `--driver-opt`. Throws: kind `invalid`.
  static func driverOption(_ text: String) throws(ClassifiedError) -> (key: String, value: String) {
    guard let (key, value) = text.cut(at: "="), key.contains(where: { $0 != " " }) else {
      throw ClassifiedError(.invalid, "invalid key/value pair format in driver options")
    }
    return (key, value)
  }

  /// Whether the name is one that users give, and not one of the modes that have their own meaning.
  var isUserDefined: Bool {
    !["default", "bridge", "host", "none"].contains(name) && !name.hasPrefix("container:")
  }
}

/// What the flags about networks ask for, all together: `--network`, and those that speak of the first network.
public struct NetworkAttachments: Sendable {
  /// In the order in which they were given.
  public var networks: [NetworkOption] = []
  /// `--network-alias`
  public var aliases: [String] = []
  /// `--link`, as `name[:alias]`.
  public var links: [String] = []
  /// `--ip`
  public var ipv4Address: String?
  /// `--ip6`
  public var ipv6Address: String?
  /// `--link-local-ip`
  public var linkLocalIPs: [String] = []
  /// `--mac-address`
  public var macAddress: String?

  public init() {}

  /// The container's network mode, which is its first network, and what is asked of each of its networks.
  ///
  /// One network of which nothing is asked is left to the mode, as Docker's client does.
  ///
  /// Throws: kind `invalid` for flags that contradict one another.
  public func resolve() throws(ClassifiedError) -> (mode: String, config: NetworkingConfig) {
    var all = networks.isEmpty ? [try NetworkOption("default")] : networks
    try addFlags(to: &all[0])
    var endpoints: [String: EndpointSettings] = [:]
    for network in all {
      try check(network)
      if endpoints.updateValue(network.endpoint, forKey: network.name) != nil {
        throw ClassifiedError(.invalid, "network \"\(network.name)\" is specified multiple times")
      }
    }
    if all.contains(where: \.isUserDefined), !all.allSatisfy(\.isUserDefined) {
      throw ClassifiedError(
        .invalid, "conflicting options: cannot attach both user-defined and non-user-defined network-modes")
    }
    if networks.count == 1, all[0].endpoint == EndpointSettings() { endpoints = [:] }
    return (all[0].name, NetworkingConfig(endpointsConfig: endpoints))
  }

  private func addFlags(to network: inout NetworkOption) throws(ClassifiedError) {
    var addresses = network.endpoint.ipamConfig ?? EndpointIPAMConfig()
    let conflicts: [(Bool, String)] = [
      (network.endpoint.aliases != nil && !aliases.isEmpty, "--network-alias and per-network alias"),
      (addresses.ipv4Address != nil && ipv4Address != nil, "--ip and per-network IPv4 address"),
      (addresses.ipv6Address != nil && ipv6Address != nil, "--ip6 and per-network IPv6 address"),
      (!network.endpoint.macAddress.isEmpty && macAddress != nil, "--mac-address and per-network MAC address"),
      (
        addresses.linkLocalIPs != nil && !linkLocalIPs.isEmpty,
        "--link-local-ip and per-network link-local IP addresses"
      ),
    ]
    for (isGiven, pair) in conflicts where isGiven {
      throw ClassifiedError(.invalid, "conflicting options: cannot specify both \(pair)")
    }
    if !aliases.isEmpty { network.endpoint.aliases = aliases }
    // On the default network a link is the container's, on others it is a name there.
    if network.isUserDefined, !links.isEmpty { network.endpoint.links = links }
    if let macAddress { network.endpoint.macAddress = macAddress }
    addresses.ipv4Address = ipv4Address ?? addresses.ipv4Address
    addresses.ipv6Address = ipv6Address ?? addresses.ipv6Address
    if !linkLocalIPs.isEmpty { addresses.linkLocalIPs = linkLocalIPs }
    if addresses != EndpointIPAMConfig() { network.endpoint.ipamConfig = addresses }
  }

  private func check(_ network: NetworkOption) throws(ClassifiedError) {
    if network.name.allSatisfy({ $0 == " " }) { throw ClassifiedError(.invalid, "no name set for network") }
    if !network.isUserDefined, network.endpoint.aliases != nil {
      throw ClassifiedError(.invalid, "network-scoped aliases are only supported for user-defined networks")
    }
    let macAddress = network.endpoint.macAddress
    if !macAddress.isEmpty, !AddressSyntax.isMACAddress(macAddress) {
      throw ClassifiedError(.invalid, "\(macAddress) is not a valid mac address")
    }
  }
}

extension NetworkConnectRequest {
  /// What `network connect` asks for. `driverOptions` are `key=value`.
  ///
  /// Throws: kind `invalid` for a driver option that is no pair.
  public init(
    container: String, attachment: NetworkAttachments, driverOptions: [String], gatewayPriority: Int64
  ) throws(ClassifiedError) {
    var endpoint = EndpointSettings()
    endpoint.ipamConfig = EndpointIPAMConfig(
      ipv4Address: attachment.ipv4Address, ipv6Address: attachment.ipv6Address,
      linkLocalIPs: attachment.linkLocalIPs.isEmpty ? nil : attachment.linkLocalIPs)
    endpoint.links = attachment.links.isEmpty ? nil : attachment.links
    endpoint.aliases = attachment.aliases.isEmpty ? nil : attachment.aliases
    endpoint.gwPriority = gatewayPriority
    for text in driverOptions {
      let option = try NetworkOption.driverOption(text)
      endpoint.driverOpts = (endpoint.driverOpts ?? [:]).merging([option.key: option.value]) { $1 }
    }
    self.init(container: container, endpointConfig: endpoint)
  }
}

/// Checks of single values that flags about names and addresses take.
public enum NameServiceOption {
  /// A value of `--dns`. Throws: kind `invalid`.
  public static func server(_ text: String) throws(ClassifiedError) {
    if AddressSyntax.address(text) == nil {
      throw ClassifiedError(.invalid, "IP address is not correctly formatted: \(text)")
    }
  }

  /// A value of `--dns-search`. Throws: kind `invalid`.
  public static func searchDomain(_ text: String) throws(ClassifiedError) {
    if !AddressSyntax.isSearchDomain(text) { throw ClassifiedError(.invalid, "\(text) is not a valid domain") }
  }

  /// A value of `--link`: `name[:alias]`. Throws: kind `invalid`.
  public static func link(_ text: String) throws(ClassifiedError) {
    if text.isEmpty { throw ClassifiedError(.invalid, "empty string specified for links") }
    if text.split(separator: ":", omittingEmptySubsequences: false).count > 2 {
      throw ClassifiedError(.invalid, "bad format for links: \(text)")
    }
  }

  /// A value of `--add-host`: reads `name:address` or `name=address`; the server takes the form with a colon.
  ///
  /// Throws: kind `invalid`.
  public static func host(_ text: String) throws(ClassifiedError) -> String {
    guard let (name, bracketed) = text.cut(at: "=") ?? text.cut(at: ":"), !name.isEmpty, !name.contains(":") else {
      throw ClassifiedError(.invalid, "bad format for add-host: \"\(text)\"")
    }
    var address = bracketed
    if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
    guard address == "host-gateway" || AddressSyntax.address(address) != nil else {
      throw ClassifiedError(.invalid, "invalid IP address in add-host: \"\(address)\"")
    }
    return "\(name):\(address)"
  }
}
