import Diagnostics
import Engine
import EngineAPI
import NIOCore
import NIOHTTP1

func execRoutes(_ backend: any ExecBackend) -> [Route] {
  [
    Route(.POST, "/containers/{id}/exec") { request in
      let asked = try await request.document(ExecCreateRequest.self)
      guard let command = asked.cmd, !command.isEmpty else {
        throw ClassifiedError(.invalid, "no exec command specified")
      }
      if !asked.detachKeys.isEmpty { _ = try DetachKeys(asked.detachKeys) }
      return try .json(
        try await backend.createExec(container: request.parameter("id"), request: asked), status: .created)
    },
    Route(.POST, "/exec/{id}/start", mayTakeOver: true) { request in try await start(backend, request) },
    Route(.POST, "/exec/{id}/resize") { request in
      let size = try request.terminalSize()
      try await backend.resizeExec(request.parameter("id"), rows: size.rows, columns: size.columns)
      return Response(.ok)
    },
    Route(.GET, "/exec/{id}/json") { request in try .json(try await backend.inspectExec(request.parameter("id"))) },
  ]
}

private func start(_ backend: any ExecBackend, _ request: Request) async throws -> Response {
  let id = request.parameter("id")
  let asked = try await request.document(ExecStartRequest.self)
  // Also the check that the exec exists, before anything is promised.
  let exec = try await backend.inspectExec(id)
  let type = ("Content-Type", StreamType.of(isTerminal: asked.tty, request.version))
  do {
    guard let session = try await backend.startExec(id, request: asked) else { return Response(.ok) }
    let keys = try exec.detachKeys.isEmpty ? .standard : DetachKeys(exec.detachKeys)
    let relay = StdioRelay(session, detachKeys: exec.openStdin ? keys : nil)
    return Response(.ok, headers: [type], content: .takeover { await relay.run(on: $0) })
  } catch  where !asked.detach && !refuses(error) {
    // Clients show what stands in the stream, and take the exit code from the exec; a status would only make them
    // say that the upgrade failed.
    let words = ByteBuffer(string: explanation(of: error) + "\r\n")
    return Response(
      .ok, headers: [type],
      content: .takeover { connection in
        // A client that has gone needs no explanation.
        try? await connection.write(asked.tty ? words : framed(.output, words))
      })
  }
}

/// Whether the request itself was refused, and not the command.
private func refuses(_ error: any Error) -> Bool {
  switch errorKind(of: error) {
  case .notFound, .conflict, .cancelled: true
  default: false
  }
}
