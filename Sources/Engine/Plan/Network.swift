import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses
import OCIRuntimeSpec

/// How a container is connected.
struct NetworkPlan: Sendable, Equatable {
  enum Mode: Sendable, Equatable {
    case host
    case none
    /// In the namespace of another container, by its id.
    case container(String)
    /// In the networks of `attachments`.
    case networks
  }

  /// A network that the container is to be in.
  struct Attachment: Sendable, Equatable {
    /// A name or an id.
    var network: String
    var settings: EndpointSettings
    /// Others that its resolver knows by further names.
    var links: [ContainerLink] = []

    var isDefaultNetwork: Bool { ["bridge", "default"].contains(network) }
  }

  var mode: Mode
  /// The first is the one that `NetworkMode` names.
  var attachments: [Attachment]
  var ports: [PublishedPortPlan]
  var extraHosts: [ExtraHost]
  var nameServers: [String]
  var searchDomains: [String]
  var resolverOptions: [String]
  var exposedPorts: [String]
  /// Those of the default network.
  var links: [ContainerLink] = []
  /// Nil: no limit. Valid for `BandwidthPlan`.
  var bandwidth: NetworkBandwidth?

  /// One line of the container's hosts file.
  struct ExtraHost: Sendable, Equatable {
    var name: String
    /// `host-gateway` stands for the host.
    var address: String
  }

  /// What the server gives to containers that do not say.
  struct Defaults: Sendable, Equatable {
    /// Whether there is a network for those that name none.
    var hasNetwork = true
    var nameServers: [String] = []
    var searchDomains: [String] = []
    var resolverOptions: [String] = []
    /// Whether containers in the machine's network can be limited.
    var limitsSockets = true
  }

  /// Throws: `unsupported` for links, and options of single networks; `invalid` for malformed values and conflicts.
  ///
  /// - Parameter attached: The networks that the container is in now, if that has been changed since it was made.
  static func plan(
    _ request: ContainerCreateRequest, attached: [String]? = nil, defaults: Defaults = Defaults()
  ) throws(ClassifiedError) -> NetworkPlan {
    let host = request.hostConfig
    let config = request.config
    try refuse("NetworkDisabled", if: config.networkDisabled == true, advice: "use --network none")
    var mode = try mode(host.networkMode, defaults)
    // It has been disconnected from that.
    if mode == .none, attached != nil { mode = .networks }
    try BandwidthPlan.check(host.networkBandwidth, mode)
    if mode == .host, !defaults.limitsSockets, host.networkBandwidth?.applied(to: nil) != nil {
      throw ClassifiedError(
        .unsupported, "NetworkBandwidth in the host's network needs cgroups of version 2, and this machine has none",
        advice: "leave it out, or use another network mode")
    }
    let exposed = Set((config.exposedPorts ?? [:]).keys).union((host.portBindings ?? [:]).keys).sorted()
    for port in exposed { _ = try PublishedPortPlan.containerPort(port) }
    let attachments = try attachments(request, mode, attached)
    var plan = NetworkPlan(
      mode: mode, attachments: attachments, ports: try PublishedPortPlan.plan(host, exposed: exposed),
      extraHosts: try extraHosts(host), nameServers: host.dns ?? [], searchDomains: host.dnsSearch ?? [],
      resolverOptions: host.dnsOptions ?? [], exposedPorts: exposed,
      bandwidth: host.networkBandwidth?.applied(to: nil))
    if mode != .networks { try plan.checkWithoutNetworks(config, links: host.links ?? []) }
    if plan.attachments.first?.isDefaultNetwork == true { plan.links = try ContainerLink.all(host.links) }
    plan.fillIn(defaults)
    for value in plan.nameServers {
      try require(IPAddress(value) != nil, "invalid nameserver address: \(value)")
    }
    for value in plan.searchDomains + plan.resolverOptions {
      try require(!value.contains(where: \.isNewline), "line break in a name or address of the network")
    }
    return plan
  }

  private mutating func fillIn(_ defaults: Defaults) {
    if nameServers.isEmpty { nameServers = defaults.nameServers }
    if searchDomains.isEmpty { searchDomains = defaults.searchDomains }
    if resolverOptions.isEmpty { resolverOptions = defaults.resolverOptions }
  }

  /// Calls the networks by their names, where clients have named them by id. Of two places in one network there is one.
  ///
  /// - Parameter name: The name for a name, an id or the beginning of one; nil: unknown.
  mutating func callNetworks(by name: (String) -> String?) {
    var named: [Attachment] = []
    for var attachment in attachments {
      attachment.network = name(attachment.network) ?? attachment.network
      if let index = named.firstIndex(where: { $0.network == attachment.network }) {
        if named[index].settings == EndpointSettings() { named[index] = attachment }
      } else {
        named.append(attachment)
      }
    }
    attachments = named
  }

  /// What is asked of each network, by its name.
  var endpointSettings: [String: EndpointSettings] {
    Dictionary(attachments.map { ($0.network, $0.settings) }) { first, _ in first }
  }

  /// The names that interfaces are asked to have, one for each attachment; empty where none is.
  var interfaceNames: [String] {
    attachments.map { (try? EndpointOptions.plan($0.settings, network: $0.network))?.interfaceName ?? "" }
  }

  private static func mode(_ text: String, _ defaults: Defaults) throws(ClassifiedError) -> Mode {
    switch text {
    case "" where !defaults.hasNetwork, "default" where !defaults.hasNetwork: return .none
    case "host": return .host
    case "none": return .none
    case let other where other.hasPrefix("container:"):
      let name = String(other.dropFirst("container:".count))
      try require(!name.isEmpty, "invalid container format container:<name|id>")
      return .container(name)
    default: return .networks
    }
  }

  private static func attachments(
    _ request: ContainerCreateRequest, _ mode: Mode, _ attached: [String]?
  ) throws(ClassifiedError) -> [Attachment] {
    let own = request.hostConfig.networkMode
    var endpoints = request.networkingConfig?.endpointsConfig ?? [:]
    guard mode == .networks else {
      // Clients name the mode here too, without asking anything of it.
      let others = endpoints.filter { $0.key != own }
      try require(
        others.values.allSatisfy(\.macAddress.isEmpty), "conflicting options: mac-address and the network mode")
      try require(
        others.isEmpty, "conflicting options: cannot attach both user-defined and non-user-defined network-modes")
      return []
    }
    if let attached {
      return try attached.map { name throws(ClassifiedError) in
        let settings = endpoints[name] ?? EndpointSettings()
        return Attachment(network: name, settings: settings, links: try ContainerLink.all(settings.links))
      }
    }
    var attachments = [
      Attachment(network: own.isEmpty || own == "default" ? "bridge" : own, settings: EndpointSettings())
    ]
    for name in [own, attachments[0].network, "default"] {
      guard let settings = endpoints.removeValue(forKey: name) else { continue }
      attachments[0].settings = settings
    }
    if let address = request.config.macAddress, !address.isEmpty, attachments[0].settings.macAddress.isEmpty {
      attachments[0].settings.macAddress = address
    }
    attachments += endpoints.sorted { $0.key < $1.key }.map { Attachment(network: $0.key, settings: $0.value) }
    for (index, attachment) in attachments.enumerated() {
      try check(attachment)
      let texts = attachment.settings.links ?? (index == 0 ? request.hostConfig.links : nil)
      if !attachment.isDefaultNetwork { attachments[index].links = try ContainerLink.all(texts) }
    }
    return attachments
  }

  static func check(_ attachment: Attachment) throws(ClassifiedError) {
    let (name, settings) = (attachment.network, attachment.settings)
    try require(
      !["host", "none"].contains(name) && !name.hasPrefix("container:"),
      "conflicting options: cannot attach both user-defined and non-user-defined network-modes")
    try refuse("a link-local address in network \(name)", if: settings.ipamConfig?.linkLocalIPs?.isEmpty == false)
    _ = try EndpointOptions.plan(settings, network: name)
    try require(
      settings.macAddress.isEmpty || MACAddress(settings.macAddress).map { !$0.isMulticast } == true,
      "invalid MAC address: \(settings.macAddress)")
  }

  private static func extraHosts(_ host: HostConfig) throws(ClassifiedError) -> [ExtraHost] {
    var hosts: [ExtraHost] = []
    for text in host.extraHosts ?? [] {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      try require(
        parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && !text.contains(where: \.isNewline),
        "bad format for add-host: \"\(text)\"")
      let address = String(parts[1])
      try require(
        address == "host-gateway" || IPAddress(address) != nil, "invalid IP address in add-host: \"\(address)\"")
      hosts.append(ExtraHost(name: String(parts[0]), address: address))
    }
    return hosts
  }

  /// What makes no sense without networks of its own is an error, or is left out, as in Docker.
  private mutating func checkWithoutNetworks(
    _ config: ContainerConfig, links: [String]
  ) throws(ClassifiedError) {
    guard case .container = mode else {
      ports = []
      try require(links.isEmpty, "conflicting options: \(mode) type networking can't be used with links")
      return
    }
    try require(links.isEmpty, "conflicting options: container type network can't be used with links")
    try require(config.hostname.isEmpty, "conflicting options: hostname and the network mode")
    try require(nameServers.isEmpty, "conflicting options: dns and the network mode")
    try require(extraHosts.isEmpty, "conflicting options: custom host-to-IP mapping and the network mode")
    try require(ports.isEmpty, "conflicting options: port publishing and the container type network mode")
  }

  /// Whether the container is in a network namespace that its shim holds.
  var isSandboxed: Bool { mode == .none || mode == .networks }

  /// Whether it is in a network whose containers find each other by name.
  var hasNamedNetworks: Bool {
    mode == .networks && attachments.contains { !$0.isDefaultNetwork }
  }

  /// - Parameter namespace: The path to the namespace that the container is to be in, where there is one.
  func spec(_ spec: inout Spec, namespace: String?) {
    if mode == .host { return }
    spec.linux?.namespaces.append(LinuxNamespace(type: .network, path: namespace ?? ""))
  }
}
