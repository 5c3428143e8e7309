import Engine
import EngineAPI
import NIOHTTP1

func attachRoutes(_ backend: any ContainerBackend) -> [Route] {
  [
    Route(.POST, "/containers/{id}/attach", mayTakeOver: true) { request in
      let query = request.query
      var options = AttachOptions()
      options.logs = query.flag("logs")
      options.stream = query.flag("stream")
      options.stdin = query.flag("stdin")
      options.stdout = query.flag("stdout")
      options.stderr = query.flag("stderr")
      let keys = try query.text("detachKeys").map { try DetachKeys($0) } ?? .standard
      let session = try await backend.attachContainer(request.parameter("id"), options: options)
      let relay = StdioRelay(session, detachKeys: options.stdin ? keys : nil)
      return Response(
        .ok, headers: [("Content-Type", StreamType.of(isTerminal: session.isTerminal, request.version))],
        content: .takeover { await relay.run(on: $0) })
    }
  ]
}
