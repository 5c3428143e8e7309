public import EngineAPI

extension EngineClient {
  /// `GET /version`
  public func serverVersion() throws -> SystemVersion {
    try call("GET", "/version", as: SystemVersion.self)
  }

  /// `GET /info`, as the server wrote it.
  public func systemInfoJSON() throws -> [UInt8] {
    try call("GET", "/info")
  }

  /// The answer to `systemInfoJSON`, decoded.
  public func systemInfo(from json: [UInt8]) throws -> SystemInfo {
    try Self.decode(SystemInfo.self, from: json)
  }

  /// `POST /auth`
  public func authenticate(_ credentials: AuthConfig) throws -> AuthResponse {
    try call("POST", "/auth", body: Self.json(credentials), as: AuthResponse.self)
  }

  /// `GET /events`: those that come from now on.
  public func eventStream(filters: Filters) throws -> JSONStream {
    var query = Query()
    if !filters.isEmpty { query.add("filters", filters.json) }
    return try JSONStream(try begin("GET", "/events", query).connection)
  }

  /// `GET /events`: calls `emit` with each event as the server wrote it, until `until` or for ever.
  public func events(
    since: String?, until: String?, filters: Filters, emit: ([UInt8]) throws -> Void
  ) throws {
    var query = Query()
    query.add("since", since)
    query.add("until", until)
    if !filters.isEmpty { query.add("filters", filters.json) }
    let connection = try begin("GET", "/events", query).connection
    var sequence = JSONSequence()
    while let piece = try connection.receiveBody() { try sequence.append(piece, emit: emit) }
  }
}
