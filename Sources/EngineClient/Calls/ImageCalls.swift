public import EngineAPI

extension EngineClient {
  /// The name in a path keeps its slashes: the server matches such paths from both ends.
  private static func path(_ name: String, _ rest: String) -> String {
    "/images/\(name.percentEncoded(keeping: "/:@"))\(rest)"
  }

  /// `GET /images/json`
  public func listImages(all: Bool, filters: Filters) throws -> [ImageSummary] {
    var query = Query()
    query.add("all", if: all)
    if !filters.isEmpty { query.add("filters", filters.json) }
    return try call("GET", "/images/json", query, as: [ImageSummary].self)
  }

  /// `GET /images/{name}/json`, as the server wrote it.
  public func inspectImageJSON(_ name: String) throws -> [UInt8] {
    try call("GET", Self.path(name, "/json"))
  }

  /// `GET /images/{name}/history`
  public func imageHistory(_ name: String) throws -> [ImageHistoryItem] {
    try call("GET", Self.path(name, "/history"), as: [ImageHistoryItem].self)
  }

  /// `POST /images/{name}/tag`
  public func tagImage(_ name: String, repository: String, tag: String) throws {
    _ = try call("POST", Self.path(name, "/tag"), ["repo": repository, "tag": tag])
  }

  /// `DELETE /images/{name}`
  public func removeImage(_ name: String, force: Bool, prune: Bool) throws -> [ImageDeleteItem] {
    var query = Query()
    query.add("force", if: force)
    query.add("noprune", if: !prune)
    return try call("DELETE", Self.path(name, ""), query, as: [ImageDeleteItem].self)
  }

  /// `POST /images/create`: pulls. `report` gets each line of the progress.
  ///
  /// Throws: `EngineFault.refused` also for an error inside the stream.
  public func pullImage(
    _ name: ImageName, platform: String?, credentials: AuthConfig?, report: (ProgressMessage) throws -> Void
  ) throws {
    var query: Query = ["fromImage": name.repository]
    query.add("tag", name.digest ?? name.tag)
    query.add("platform", platform)
    // The header is there also without credentials, as an empty object.
    let token = credentials.map { EngineJSON.encode($0) } ?? Array("{}".utf8)
    let headers = [(name: "X-Registry-Auth", value: Base64.encode(token, alphabet: .url))]
    try progress(try begin("POST", "/images/create", query, headers: headers), report: report)
  }

  /// `POST /images/create?fromSrc=-`: imports a root filesystem's tar.
  public func importImage(
    _ options: ImageImport, body: @escaping () throws -> [UInt8], report: (ProgressMessage) throws -> Void
  ) throws {
    var query: Query = ["fromSrc": "-"]
    query.add("repo", options.repository)
    query.add("message", options.message)
    query.add("platform", options.platform)
    for change in options.changes { query.add("changes", change) }
    let pieces = RequestBody.pieces(contentType: nil, next: body)
    try progress(try begin("POST", "/images/create", query, body: pieces), report: report)
  }

  /// `POST /images/load`
  public func loadImages(
    quiet: Bool, body: @escaping () throws -> [UInt8], report: (ProgressMessage) throws -> Void
  ) throws {
    let pieces = RequestBody.pieces(contentType: "application/x-tar", next: body)
    try progress(
      try begin("POST", "/images/load", ["quiet": quiet ? "1" : "0"], body: pieces), report: report)
  }

  /// `GET /images/get`: calls `emit` with the archive, piece by piece.
  public func saveImages(_ names: [String], emit: ([UInt8]) throws -> Void) throws {
    var query = Query()
    for name in names { query.add("names", name) }
    let connection = try begin("GET", "/images/get", query).connection
    while let piece = try connection.receiveBody() { try emit(piece) }
  }

  private func progress(_ answer: PendingAnswer, report: (ProgressMessage) throws -> Void) throws {
    var sequence = JSONSequence()
    while let piece = try answer.connection.receiveBody() {
      try sequence.append(piece) { object in
        let message = try Self.decode(ProgressMessage.self, from: object)
        if let error = message.errorDetail?.message ?? message.error {
          throw EngineFault.refused(status: 500, message: error)
        }
        try report(message)
      }
    }
    guard sequence.isBetweenObjects else { throw EngineFault.disconnected }
  }
}

/// What an import makes of a tar.
public struct ImageImport: Sendable {
  /// `name[:tag]`
  public var repository: String?
  public var message: String?
  public var platform: String?
  /// Dockerfile instructions.
  public var changes: [String] = []

  public init() {}
}
