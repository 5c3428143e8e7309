public import EngineAPI

extension EngineClient {
  private static func path(_ name: String, _ rest: String = "") -> String {
    "/networks/\(name.percentEncoded)\(rest)"
  }

  /// `GET /networks`
  public func listNetworks(filters: Filters) throws -> [Network] {
    var query = Query()
    if !filters.isEmpty { query.add("filters", filters.json) }
    return try call("GET", "/networks", query, as: [Network].self)
  }

  /// `GET /networks/{id}`, decoded. `scope`: only a network of that scope; nil: of any.
  public func inspectNetwork(_ name: String, verbose: Bool = false, scope: String? = nil) throws -> Network {
    try Self.decode(Network.self, from: try inspectNetworkJSON(name, verbose: verbose, scope: scope))
  }

  /// `GET /networks/{id}`, as the server wrote it.
  public func inspectNetworkJSON(_ name: String, verbose: Bool = false, scope: String? = nil) throws -> [UInt8] {
    var query = Query()
    if verbose { query.add("verbose", "true") }
    query.add("scope", scope)
    return try call("GET", Self.path(name), query)
  }

  /// `POST /networks/create`
  public func createNetwork(_ request: NetworkCreateRequest) throws -> NetworkCreateResponse {
    try call("POST", "/networks/create", body: Self.json(request), as: NetworkCreateResponse.self)
  }

  /// `DELETE /networks/{id}`
  public func removeNetwork(_ name: String) throws {
    _ = try call("DELETE", Self.path(name))
  }

  /// `POST /networks/prune`: removes the networks that no container is in.
  public func pruneNetworks(filters: Filters) throws -> NetworkPruneResponse {
    var query = Query()
    if !filters.isEmpty { query.add("filters", filters.json) }
    return try call("POST", "/networks/prune", query, as: NetworkPruneResponse.self)
  }

  /// `POST /networks/{id}/connect`
  public func connectNetwork(_ name: String, _ request: NetworkConnectRequest) throws {
    _ = try call("POST", Self.path(name, "/connect"), body: Self.json(request))
  }

  /// `POST /networks/{id}/disconnect`
  public func disconnectNetwork(_ name: String, _ request: NetworkDisconnectRequest) throws {
    _ = try call("POST", Self.path(name, "/disconnect"), body: Self.json(request))
  }
}
