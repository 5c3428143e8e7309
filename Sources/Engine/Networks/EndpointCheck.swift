import Diagnostics
import EngineAPI
import NetworkAddresses

/// What a client asks for in one network, looked at before anything is made.
extension NetworkDefinition {
  /// Throws: `invalid` for what no container can have in this network; all of it at once.
  func check(_ settings: EndpointSettings) throws(ClassifiedError) {
    var problems: [String] = []
    let asked = [settings.ipamConfig?.ipv4Address, settings.ipamConfig?.ipv6Address].compactMap { $0 }.filter {
      !$0.isEmpty
    }
    if isPredefined {
      if !asked.isEmpty { problems.append("user-specified IP address is supported on user-defined networks only") }
      if settings.aliases?.isEmpty == false {
        problems.append("network-scoped aliases are only supported for user-defined networks")
      }
    } else {
      let subnets = ((try? pools()) ?? []).map(\.subnet)
      for text in asked {
        guard let address = IPAddress(text) else {
          problems.append("invalid IP address: \(text)")
          continue
        }
        if !subnets.contains(where: { $0.contains(address) }) {
          problems.append("no configured subnet contains IP address \(text)")
        }
      }
    }
    guard let first = problems.first else { return }
    let listed = problems.count == 1 ? first : problems.map { "* \($0)" }.joined(separator: "\n")
    throw ClassifiedError(.invalid, "invalid endpoint settings:\n\(listed)", object: "network \(name)")
  }
}

extension Engine {
  /// The same for all networks that a new container names, as far as they are there.
  func checkEndpoints(_ request: ContainerCreateRequest) throws(ClassifiedError) {
    if request.hostConfig.networkMode.hasPrefix("container:") {
      let (config, host) = (request.config, request.hostConfig)
      // Of the client's wishes, and not of what an image exposes.
      try require(
        !host.publishAllPorts && host.portBindings?.isEmpty != false,
        "conflicting options: port publishing and the container type network mode")
      try require(
        config.exposedPorts?.isEmpty != false, "conflicting options: port exposing and the container type network mode")
    }
    let endpoints = request.networkingConfig?.endpointsConfig ?? [:]
    for (name, settings) in endpoints.sorted(by: { $0.key < $1.key }) {
      guard let network = try? networks.find(name) else { continue }
      try network.check(settings)
    }
  }
}
