import Diagnostics
import EngineAPI

// What requests of clients that ask for an older version mean now. One function for each kind of request.

extension ContainerCreateRequest {
  /// The request as the newest version would say it, and what its client is to be told.
  ///
  /// Throws: `invalid` for what the version did not know, or says in two ways at once.
  func read(as version: APIVersion) throws(ClassifiedError) -> (request: ContainerCreateRequest, warnings: [String]) {
    var request = self
    var endpoints = networkingConfig?.endpointsConfig ?? [:]
    if version < APIVersion(1, 44), endpoints.count > 1 {
      throw ClassifiedError(
        .invalid,
        "Container cannot be created with multiple network endpoints: \(endpoints.keys.sorted().joined(separator: ", "))",
        advice: "connect it to further networks afterwards")
    }
    for name in endpoints.keys {
      if version < APIVersion(1, 48) { endpoints[name]?.gwPriority = 0 }
      if version < APIVersion(1, 44) { endpoints[name]?.macAddress = "" }
    }
    if !endpoints.isEmpty { request.networkingConfig = NetworkingConfig(endpointsConfig: endpoints) }
    guard let address = config.macAddress, !address.isEmpty else { return (request, []) }
    let main = Self.mainNetwork(hostConfig.networkMode)
    if version < APIVersion(1, 44) {
      guard main != nil else {
        throw ClassifiedError(.invalid, "conflicting options: mac-address and the network mode")
      }
      return (request, [])
    }
    if let main, let own = endpoints[main]?.macAddress, !own.isEmpty, own.lowercased() != address.lowercased() {
      throw ClassifiedError(
        .invalid,
        "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty"
      )
    }
    return (
      request,
      ["The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead."]
    )
  }

  /// What the first network is called in the endpoints; nil: the container is in none of its own.
  private static func mainNetwork(_ mode: String) -> String? {
    if ["host", "none"].contains(mode) || mode.hasPrefix("container:") { return nil }
    return ["", "default"].contains(mode) ? "bridge" : mode
  }
}

extension NetworkCreateRequest {
  /// Networks without IPv4 are since 1.48.
  func read(as version: APIVersion) -> NetworkCreateRequest {
    var request = self
    if version < APIVersion(1, 48) { request.enableIPv4 = nil }
    return request
  }
}

extension NetworkConnectRequest {
  /// Priorities are since 1.48, hardware addresses since 1.44.
  func read(as version: APIVersion) -> NetworkConnectRequest {
    var request = self
    if version < APIVersion(1, 48) { request.endpointConfig?.gwPriority = 0 }
    if version < APIVersion(1, 44) { request.endpointConfig?.macAddress = "" }
    return request
  }
}
