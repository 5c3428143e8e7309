import ContainerNetwork
import EngineAPI
import NetworkAddresses

/// What inspect and the list show of a container's networks.
extension NetworkPlan {
  /// - Parameters:
  ///   - called: What it is called; nil: it has been in no network so far.
  ///   - grant: What it has now; nil when it does not run.
  func view(
    _ inspect: inout ContainerInspect, called: ContainerNames?, grant: NetworkGrant?, networkIDs: [String: String]
  ) {
    if inspect.hostConfig.networkMode.isEmpty || inspect.hostConfig.networkMode == "default" {
      inspect.hostConfig.networkMode = mode == .none ? "none" : "bridge"
    }
    // As Docker shows them: by both names.
    if !links.isEmpty { inspect.hostConfig.links = links.map { "/\($0.target):\(inspect.name)/\($0.alias)" } }
    inspect.hostConfig.networkBandwidth = bandwidth?.spelledOut
    var settings = NetworkSettings()
    switch mode {
    case .host: settings.networks = ["host": endpoint(in: "host", networkIDs, of: inspect)]
    case .none: settings.networks = ["none": endpoint(in: "none", networkIDs, of: inspect)]
    case .container: break
    case .networks:
      for attachment in attachments {
        settings.networks[attachment.network] = view(attachment, called, grant, networkIDs)
      }
      settings.ports = portMap(grant)
    }
    if let grant {
      settings.sandboxKey = grant.sandboxKey
      settings.sandboxID = grant.endpoints.first?.id ?? ""
      if let first = settings.networks["bridge"] { settings.fill(from: first) }
    }
    inspect.networkSettings = settings
  }

  private func endpoint(
    in network: String, _ networkIDs: [String: String], of container: ContainerInspect
  ) -> EndpointSettings {
    var settings = EndpointSettings()
    settings.networkID = networkIDs[network] ?? ""
    if container.state.running {
      settings.endpointID = NetworkDefinition.endpointID(
        in: settings.networkID, of: container.id, since: container.state.startedAt)
    }
    return settings
  }

  private func view(
    _ attachment: Attachment, _ called: ContainerNames?, _ grant: NetworkGrant?, _ networkIDs: [String: String]
  ) -> EndpointSettings {
    var shown = attachment.settings
    shown.networkID = networkIDs[attachment.network] ?? ""
    if !attachment.isDefaultNetwork { shown.dnsNames = called?.all(aliases: attachment.settings.aliases ?? []) }
    guard let endpoint = grant?.endpoints.first(where: { $0.name == attachment.network }) else { return shown }
    shown.networkID = endpoint.network
    shown.dnsNames = endpoint.names.isEmpty ? nil : endpoint.names
    shown.endpointID = endpoint.id
    shown.macAddress = endpoint.macAddress
    func router(_ text: String) -> String { IPAddress(text)?.isUnspecified == true ? "" : text }
    shown.gateway = router(endpoint.gateway4)
    shown.ipv6Gateway = router(endpoint.gateway6)
    if let address = InterfaceAddress(endpoint.ipv4) {
      (shown.ipAddress, shown.ipPrefixLen) = ("\(address.address)", address.prefixLength)
    }
    if let address = InterfaceAddress(endpoint.ipv6) {
      (shown.globalIPv6Address, shown.globalIPv6PrefixLen) = ("\(address.address)", address.prefixLength)
    }
    return shown
  }

  private func portMap(_ grant: NetworkGrant?) -> PortMap {
    guard let grant else { return [:] }
    var map: PortMap = [:]
    for port in exposedPorts { map[port] = .some(nil) }
    for port in grant.ports {
      let name = "\(port.containerPort)/\(port.transport)"
      let binding = PortBinding(hostIP: port.hostAddress, hostPort: "\(port.hostPort)")
      map[name] = ((map[name] ?? nil) ?? []) + [binding]
    }
    return map
  }

  /// The ports as the list shows them.
  func summaries(_ grant: NetworkGrant?) -> [PortSummary] {
    guard let grant else { return [] }
    let published = grant.ports.map { port in
      PortSummary(
        ip: port.hostAddress, privatePort: port.containerPort, publicPort: port.hostPort, type: port.transport)
    }
    let names = Set(grant.ports.map { "\($0.containerPort)/\($0.transport)" })
    let others = exposedPorts.filter { !names.contains($0) }.compactMap { name -> PortSummary? in
      guard let port = try? PublishedPortPlan.containerPort(name) else { return nil }
      return PortSummary(privatePort: port.number, type: port.transport.rawValue)
    }
    return others + published
  }
}

extension NetworkSettings {
  /// The fields of the time before there were several networks.
  fileprivate mutating func fill(from endpoint: EndpointSettings) {
    endpointID = endpoint.endpointID
    gateway = endpoint.gateway
    ipAddress = endpoint.ipAddress
    ipPrefixLen = endpoint.ipPrefixLen
    ipv6Gateway = endpoint.ipv6Gateway
    globalIPv6Address = endpoint.globalIPv6Address
    globalIPv6PrefixLen = endpoint.globalIPv6PrefixLen
    macAddress = endpoint.macAddress
  }
}
