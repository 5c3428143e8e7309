import Diagnostics
import EngineAPI
import OCIRuntimeSpec

/// How a container is connected.
struct NetworkPlan: Sendable, Equatable {
  enum Mode: String, Sendable {
    case host
    case none
    /// The default network. Until bridges are there, a container on it has loopback only, in a namespace of its own.
    case bridge
  }

  var mode: Mode
  var extraHosts: [ExtraHost]
  var nameServers: [String]
  var searchDomains: [String]
  var resolverOptions: [String]
  var exposedPorts: [String]

  /// One line of the container's hosts file.
  struct ExtraHost: Sendable, Equatable {
    var name: String
    var address: String
  }

  /// Throws: `unsupported` for networks, published ports, links and addresses; `invalid` for malformed values.
  static func plan(_ request: ContainerCreateRequest) throws(ClassifiedError) -> NetworkPlan {
    let host = request.hostConfig
    let config = request.config
    let mode = try mode(host.networkMode)
    try refuse(
      "publishing ports", if: host.publishAllPorts || host.portBindings?.isEmpty == false,
      advice: "use --network host")
    try refuse("Links", if: host.links?.isEmpty == false)
    try refuse("MacAddress", if: config.macAddress?.isEmpty == false)
    try refuse("NetworkDisabled", if: config.networkDisabled == true, advice: "use --network none")
    try checkEndpoints(request.networkingConfig?.endpointsConfig ?? [:], mode)
    var hosts: [ExtraHost] = []
    for text in host.extraHosts ?? [] {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      try require(parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty, "bad format for add-host: \"\(text)\"")
      try refuse("the address host-gateway", if: parts[1] == "host-gateway")
      hosts.append(ExtraHost(name: String(parts[0]), address: String(parts[1])))
    }
    for value in (host.dns ?? []) + (host.dnsSearch ?? []) + (host.dnsOptions ?? []) + hosts.map(\.name) {
      try require(!value.contains(where: \.isNewline), "line break in a name or address of the network")
    }
    return NetworkPlan(
      mode: mode, extraHosts: hosts, nameServers: host.dns ?? [], searchDomains: host.dnsSearch ?? [],
      resolverOptions: host.dnsOptions ?? [], exposedPorts: (config.exposedPorts ?? [:]).keys.sorted())
  }

  private static func mode(_ text: String) throws(ClassifiedError) -> Mode {
    switch text {
    case "", "default", "bridge": return .bridge
    case "host": return .host
    case "none": return .none
    default:
      try refuse("sharing a container's network", if: text.hasPrefix("container:"))
      throw ClassifiedError(
        .unsupported, "network \(text) is not supported yet", advice: "use --network host, none or bridge")
    }
  }

  /// Clients name the default network here too, without asking anything of it.
  private static func checkEndpoints(_ endpoints: [String: EndpointSettings], _ own: Mode) throws(ClassifiedError) {
    for (name, settings) in endpoints.sorted(by: { $0.key < $1.key }) {
      try refuse("a second network, \(name),", if: try mode(name) != own)
      try refuse("an address in network \(name)", if: settings.ipamConfig?.ipv4Address?.isEmpty == false)
      try refuse("an address in network \(name)", if: settings.ipamConfig?.ipv6Address?.isEmpty == false)
      try refuse("MacAddress", if: !settings.macAddress.isEmpty)
      try refuse("an alias in network \(name)", if: settings.aliases?.isEmpty == false)
      try refuse("a link in network \(name)", if: settings.links?.isEmpty == false)
      try refuse("a link-local address in network \(name)", if: settings.ipamConfig?.linkLocalIPs?.isEmpty == false)
      try refuse("a driver option in network \(name)", if: settings.driverOpts?.isEmpty == false)
      try refuse("a gateway priority in network \(name)", if: settings.gwPriority != 0)
    }
  }

  func spec(_ spec: inout Spec) {
    if mode != .host { spec.linux?.namespaces.append(LinuxNamespace(type: .network)) }
  }

  /// The content of `/etc/hosts`.
  func hostsFile(hostname: String, domainname: String, hostsOfMachine: String) -> String {
    var text = hostsOfMachine
    if mode != .host {
      text = """
        127.0.0.1\tlocalhost
        ::1\tlocalhost ip6-localhost ip6-loopback
        fe00::\tip6-localnet
        ff00::\tip6-mcastprefix
        ff02::1\tip6-allnodes
        ff02::2\tip6-allrouters

        """
    } else if !text.isEmpty, !text.hasSuffix("\n") {
      text += "\n"
    }
    for host in extraHosts { text += "\(host.address)\t\(host.name)\n" }
    if mode == .bridge {
      let full = domainname.isEmpty ? "" : "\(hostname).\(domainname) "
      text += "127.0.0.1\t\(full)\(hostname)\n"
    }
    return text
  }

  /// The content of `/etc/resolv.conf`: the machine's, with what was asked for in place of its lines.
  func resolverFile(ofMachine text: String) -> String {
    var lines = text.split(separator: "\n").map(String.init)
    let replaced: [(String, [String])] = [
      ("nameserver", nameServers), ("search", searchDomains), ("options", resolverOptions),
    ]
    for (keyword, values) in replaced where !values.isEmpty {
      lines.removeAll { $0.hasPrefix(keyword) || (keyword == "search" && $0.hasPrefix("domain")) }
      switch keyword {
      case "nameserver": lines += values.map { "nameserver \($0)" }
      // A lone dot says: no search list.
      case "search" where values == ["."]: break
      default: lines.append("\(keyword) \(values.joined(separator: " "))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  func view(_ inspect: inout ContainerInspect) {
    if inspect.hostConfig.networkMode.isEmpty || inspect.hostConfig.networkMode == "default" {
      inspect.hostConfig.networkMode = mode.rawValue
    }
    inspect.networkSettings.networks = [mode.rawValue: EndpointSettings()]
    for port in exposedPorts where mode == .bridge { inspect.networkSettings.ports[port] = .some(nil) }
  }
}
