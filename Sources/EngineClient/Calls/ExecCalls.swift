public import EngineAPI

extension EngineClient {
  /// `POST /containers/{id}/exec`. Returns the exec's id.
  public func createExec(container: String, _ request: ExecCreateRequest) throws -> String {
    try call(
      "POST", "/containers/\(container.percentEncoded)/exec", body: Self.json(request),
      as: ExecCreateResponse.self
    ).id
  }

  /// `POST /exec/{id}/start`, detached.
  public func startExecDetached(_ id: String, _ request: ExecStartRequest) throws {
    _ = try call("POST", "/exec/\(id)/start", body: Self.json(request))
  }

  /// `POST /exec/{id}/start`, hijacked.
  public func startExec(_ id: String, _ request: ExecStartRequest) throws -> HijackedStream {
    try HijackedStream(
      try begin("POST", "/exec/\(id)/start", body: Self.json(request), upgrades: true).connection)
  }

  /// `POST /exec/{id}/resize`
  public func resizeExec(_ id: String, rows: UInt16, columns: UInt16) throws {
    _ = try call("POST", "/exec/\(id)/resize", ["h": String(rows), "w": String(columns)])
  }

  /// `GET /exec/{id}/json`
  public func inspectExec(_ id: String) throws -> ExecInspect {
    try call("GET", "/exec/\(id)/json", as: ExecInspect.self)
  }
}
