public import EngineAPI

extension EngineClient {
  private static func path(_ name: String, _ rest: String = "") -> String {
    "/containers/\(name.percentEncoded)\(rest)"
  }

  /// `POST /containers/create`
  public func createContainer(
    _ request: ContainerCreateRequest, name: String?, platform: String?
  ) throws -> ContainerCreateResponse {
    var query = Query()
    query.add("name", name)
    query.add("platform", platform)
    return try call(
      "POST", "/containers/create", query, body: Self.json(request), as: ContainerCreateResponse.self)
  }

  /// `POST /containers/{id}/start`. A container that runs already is no error.
  public func startContainer(_ name: String) throws {
    try ignoringNotModified { _ = try call("POST", Self.path(name, "/start")) }
  }

  /// `POST /containers/{id}/stop`; `timeout` in seconds. A container that is stopped already is no error.
  public func stopContainer(_ name: String, signal: String?, timeout: Int64?) throws {
    var query = Query()
    query.add("signal", signal)
    query.add("t", timeout.map { String($0) })
    try ignoringNotModified { _ = try call("POST", Self.path(name, "/stop"), query) }
  }

  /// `POST /containers/{id}/kill`
  public func killContainer(_ name: String, signal: String?) throws {
    var query = Query()
    query.add("signal", signal)
    _ = try call("POST", Self.path(name, "/kill"), query)
  }

  /// `DELETE /containers/{id}`
  public func removeContainer(_ name: String, force: Bool, volumes: Bool, link: Bool) throws {
    var query = Query()
    query.add("v", if: volumes)
    query.add("link", if: link)
    query.add("force", if: force)
    _ = try call("DELETE", Self.path(name), query)
  }

  /// `POST /containers/{id}/rename`
  public func renameContainer(_ name: String, to newName: String) throws {
    _ = try call("POST", Self.path(name, "/rename"), ["name": newName])
  }

  /// `POST /containers/{id}/update`
  public func updateContainer(_ name: String, _ request: ContainerUpdateRequest) throws -> ContainerUpdateResponse {
    try call("POST", Self.path(name, "/update"), body: Self.json(request), as: ContainerUpdateResponse.self)
  }

  /// `POST /containers/{id}/resize`
  public func resizeContainer(_ name: String, rows: UInt16, columns: UInt16) throws {
    _ = try call("POST", Self.path(name, "/resize"), ["h": String(rows), "w": String(columns)])
  }

  /// `GET /containers/json`
  public func listContainers(
    all: Bool, limit: Int64?, size: Bool, filters: Filters
  ) throws -> [ContainerSummary] {
    var query = Query()
    query.add("all", if: all)
    query.add("limit", limit.map { String($0) })
    query.add("size", if: size)
    if !filters.isEmpty { query.add("filters", filters.json) }
    return try call("GET", "/containers/json", query, as: [ContainerSummary].self)
  }

  /// `GET /containers/{id}/json`, decoded.
  public func inspectContainer(_ name: String) throws -> ContainerInspect {
    try call("GET", Self.path(name, "/json"), as: ContainerInspect.self)
  }

  /// `GET /containers/{id}/json`, as the server wrote it.
  public func inspectContainerJSON(_ name: String, size: Bool) throws -> [UInt8] {
    var query = Query()
    query.add("size", if: size)
    return try call("GET", Self.path(name, "/json"), query)
  }

  /// `GET /containers/{id}/top`
  public func containerTop(_ name: String, arguments: [String]) throws -> ContainerTopResponse {
    var query = Query()
    query.add("ps_args", arguments.isEmpty ? nil : arguments.joined(separator: " "))
    return try call("GET", Self.path(name, "/top"), query, as: ContainerTopResponse.self)
  }

  /// `GET /containers/{id}/stats` of several containers at once: a reading for each every second while `streams`, else one.
  ///
  /// Returns: for each name its stream, or why there is none.
  public func containerStatistics(_ names: [String], streams: Bool) throws -> [Result<JSONStream, any Error>] {
    let answers = try begin(
      each: names.map { name in
        PreparedRequest(path: Self.path(name, "/stats"), query: ["stream": streams ? "1" : "0"])
      })
    return answers.map { answer in answer.flatMap { answer in Result { try JSONStream(answer.connection) } } }
  }

  /// `POST /containers/{id}/wait`: returns as soon as the server has registered it. `condition` is `next-exit`,
  /// `removed`, or nil for a container that may have ended.
  public func waitContainer(_ name: String, condition: String?) throws -> PendingWait {
    let request = Self.wait(name, condition)
    return PendingWait(try begin("POST", request.path, request.query).connection, self)
  }

  private static func wait(_ name: String, _ condition: String?) -> PreparedRequest {
    var query = Query()
    query.add("condition", condition)
    return PreparedRequest(path: path(name, "/wait"), query: query)
  }

  func exitCode(from body: [UInt8]) throws -> Int32 {
    let response = try Self.decode(WaitResponse.self, from: body)
    if let error = response.error, !error.message.isEmpty {
      throw EngineFault.refused(status: 500, message: error.message)
    }
    return Int32(truncatingIfNeeded: response.statusCode)
  }

  /// `POST /containers/{id}/attach`, hijacked. `streams` are those that are wanted.
  public func attachContainer(
    _ name: String, streams: AttachedStreams, detachKeys: String?
  ) throws -> HijackedStream {
    let request = Self.attach(name, streams, detachKeys)
    return try HijackedStream(
      try begin("POST", request.path, request.query, headers: request.headers, upgrades: true).connection)
  }

  private static func attach(_ name: String, _ streams: AttachedStreams, _ detachKeys: String?) -> PreparedRequest {
    var query: Query = ["stream": "1"]
    query.add("stdin", if: streams.contains(.input))
    query.add("stdout", if: streams.contains(.output))
    query.add("stderr", if: streams.contains(.error))
    query.add("detachKeys", detachKeys)
    return PreparedRequest(
      path: path(name, "/attach"), query: query, headers: [(name: "Content-Type", value: "text/plain")],
      upgrades: true)
  }

  /// `attachContainer` and `waitContainer` in one round trip, for a container that is about to be started: when this
  /// returns, neither its output nor its end can be missed.
  public func followContainer(
    _ name: String, streams: AttachedStreams, detachKeys: String?, condition: String
  ) throws -> (stream: HijackedStream, wait: PendingWait) {
    let (attached, waiting) = try begin(
      together: Self.attach(name, streams, detachKeys), Self.wait(name, condition))
    return (try HijackedStream(attached.connection), PendingWait(waiting.connection, self))
  }

  /// `GET /containers/{id}/logs`: calls `emit` with each piece of the answer, raw or framed as the container's terminal
  /// decides.
  public func containerLogs(
    _ name: String, _ selection: LogSelection, emit: ([UInt8]) throws -> Void
  ) throws {
    var query: Query = ["stdout": "1", "stderr": "1"]
    query.add("since", selection.since)
    query.add("until", selection.until)
    query.add("timestamps", if: selection.timestamps)
    query.add("details", if: selection.details)
    query.add("follow", if: selection.follow)
    query.add("tail", selection.tail)
    let connection = try begin("GET", Self.path(name, "/logs"), query).connection
    while let piece = try connection.receiveBody() { try emit(piece) }
  }

  private func ignoringNotModified(_ call: () throws -> Void) throws {
    do {
      try call()
    } catch let fault as EngineFault where fault.status == 304 {}
  }
}

/// Some of the three standard streams.
public struct AttachedStreams: OptionSet, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) {
    self.rawValue = rawValue
  }

  public static let input = AttachedStreams(rawValue: 1)
  public static let output = AttachedStreams(rawValue: 2)
  public static let error = AttachedStreams(rawValue: 4)
}

/// Which lines of a container's log are wanted.
public struct LogSelection: Sendable {
  public var follow = false
  public var timestamps = false
  public var details = false
  /// Unix time as `seconds.nanoseconds`.
  public var since: String?
  public var until: String?
  /// The number of last lines; nil: all.
  public var tail: String?

  public init() {}
}
