import Diagnostics
import Engine
import EngineAPI
import NIOCore
import NIOHTTP1

func containerRoutes(_ backend: any ContainerBackend) -> [Route] {
  [
    Route(.GET, "/containers/json") { request in
      let query = request.query
      // Asking for the last few, or for those before or after another, means all of them.
      let limit = try query.integer("limit").flatMap { $0 > 0 ? $0 : nil }
      return try .json(
        try await backend.listContainers(
          all: query.flag("all") || limit != nil, limit: limit, size: query.flag("size"),
          filters: try query.filters()))
    },
    Route(.POST, "/containers/create") { request in
      let (document, warnings) = try await request.document(ContainerCreateRequest.self).read(as: request.version)
      var created = try await backend.createContainer(
        name: request.query.text("name"), platform: request.query.text("platform"), request: document)
      created.warnings += warnings
      return try .json(created, status: .created)
    },
    Route(.GET, "/containers/{id}/json") { request in
      let container = try await backend.inspectContainer(request.parameter("id"), size: request.query.flag("size"))
      return try .json(container.asOf(request.version))
    },
    Route(.POST, "/containers/{id}/start") { request in
      try request.query.refuse("checkpoint", "checkpoint-dir")
      try await backend.startContainer(request.parameter("id"), detachKeys: request.query.text("detachKeys"))
      return .noContent
    },
    Route(.POST, "/containers/{id}/stop") { request in
      try await backend.stopContainer(
        request.parameter("id"), signal: request.query.text("signal"), timeout: try request.query.integer("t"))
      return .noContent
    },
    Route(.POST, "/containers/{id}/kill") { request in
      try await backend.killContainer(request.parameter("id"), signal: request.query.text("signal"))
      return .noContent
    },
    Route(.POST, "/containers/{id}/rename") { request in
      guard let name = request.query.text("name") else {
        throw ClassifiedError(.invalid, "the query name is missing: the container's new name")
      }
      try await backend.renameContainer(request.parameter("id"), to: name)
      return .noContent
    },
    Route(.POST, "/containers/{id}/update") { request in
      let update = try await request.document(ContainerUpdateRequest.self)
      return try .json(try await backend.updateContainer(request.parameter("id"), update))
    },
    Route(.GET, "/containers/{id}/stats") { request in try await statistics(backend, request) },
    Route(.POST, "/containers/{id}/resize") { request in
      let size = try request.terminalSize()
      try await backend.resizeContainer(request.parameter("id"), rows: size.rows, columns: size.columns)
      return Response(.ok)
    },
    Route(.GET, "/containers/{id}/top") { request in
      try .json(
        try await backend.containerTop(
          request.parameter("id"), arguments: request.query.text("ps_args") ?? "-ef"))
    },
    Route(.POST, "/containers/{id}/wait") { request in try await wait(backend, request) },
    Route(.GET, "/containers/{id}/logs") { request in try await logs(backend, request) },
    Route(.DELETE, "/containers/{id}") { request in
      let query = request.query
      try await backend.removeContainer(
        request.parameter("id"), force: query.flag("force"), volumes: query.flag("v"), link: query.flag("link"))
      return .noContent
    },
  ]
}

/// The head goes out as soon as waiting is registered: a client starts the container only when it has seen it.
private func wait(_ backend: any ContainerBackend, _ request: Request) async throws -> Response {
  let text = request.query.text("condition") ?? WaitCondition.notRunning.rawValue
  guard let condition = WaitCondition(rawValue: text) else {
    throw ClassifiedError(.invalid, "invalid condition: \"\(text)\"", advice: "not-running, next-exit or removed")
  }
  let wait = try await backend.waitContainer(request.parameter("id"), condition: condition)
  return .stream(
    contentType: "application/json", startsAtOnce: true,
    lastWords: { error in
      try? jsonLine(WaitResponse(statusCode: 125, error: WaitError(message: explanation(of: error))))
    }
  ) { stream in
    let exit = try await wait.value
    try await stream.writeLine(
      WaitResponse(statusCode: exit.code, error: exit.error.map { WaitError(message: $0) }))
  }
}

private func statistics(_ backend: any ContainerBackend, _ request: Request) async throws -> Response {
  let (name, oneShot) = (request.parameter("id"), request.query.flag("one-shot"))
  guard request.query.flag("stream", default: true) else {
    return try .json(try await backend.containerStatistics(name, oneShot: oneShot))
  }
  if oneShot { throw ClassifiedError(.invalid, "cannot have stream=true and one-shot=true") }
  // The first reading comes at once, so its error still has a status.
  return .stream(contentType: "application/json") { stream in
    try await backend.streamContainerStatistics(name) { try await stream.writeLine($0) }
  }
}

private func logs(_ backend: any ContainerBackend, _ request: Request) async throws -> Response {
  let query = request.query
  var options = LogOptions()
  options.stdout = query.flag("stdout")
  options.stderr = query.flag("stderr")
  guard options.stdout || options.stderr else {
    throw ClassifiedError(.invalid, "Bad parameters: you must choose at least one stream")
  }
  options.follow = query.flag("follow")
  options.timestamps = query.flag("timestamps")
  options.details = query.flag("details")
  options.since = try query.instant("since")
  options.until = try query.instant("until")
  // As Docker's server: what is not a number means all.
  options.tail = query.text("tail").flatMap(Int.init).flatMap { $0 < 0 ? nil : $0 }

  let name = request.parameter("id")
  let isTerminal = try await backend.containerHasTerminal(name)
  return .stream(
    contentType: StreamType.of(isTerminal: isTerminal, request.version), startsAtOnce: true,
    lastWords: { error in
      let words = ByteBuffer(string: "Error grabbing logs: \(explanation(of: error))\n")
      return isTerminal ? words : framed(.systemError, words)
    }
  ) { [options] stream in
    try await backend.containerLogs(name, options: options) { chunk in
      try await stream.write(isTerminal ? chunk.bytes : framed(chunk))
    }
  }
}

/// The content types of raw and framed output.
enum StreamType {
  static let raw = "application/vnd.docker.raw-stream"
  static let multiplexed = "application/vnd.docker.multiplexed-stream"

  static func of(isTerminal: Bool, _ version: APIVersion) -> String {
    isTerminal || !version.streamTypeTellsFraming ? raw : multiplexed
  }
}

extension Request {
  /// The queries `h` and `w` of a resize. Throws: kind `invalid` when one is missing or no number.
  func terminalSize() throws -> (rows: Int, columns: Int) {
    guard let rows = try query.integer("h"), let columns = try query.integer("w"),
      (0...65535).contains(rows), (0...65535).contains(columns)
    else { throw ClassifiedError(.invalid, "the queries h and w must hold the terminal's rows and columns") }
    return (rows, columns)
  }
}
