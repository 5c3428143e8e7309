import EngineAPI
import NIOHTTP1

func networkRoutes(_ backend: any NetworkBackend) -> [Route] {
  [
    Route(.GET, "/networks") { request in
      try .json(try await backend.listNetworks(filters: try request.query.filters()))
    },
    Route(.POST, "/networks/create") { request in
      let document = try await request.document(NetworkCreateRequest.self).read(as: request.version)
      return try .json(try await backend.createNetwork(document), status: .created)
    },
    Route(.POST, "/networks/prune") { request in
      try .json(try await backend.pruneNetworks(filters: try request.query.filters()))
    },
    Route(.GET, "/networks/{id}") { request in
      try .json(try await backend.inspectNetwork(request.parameter("id"), scope: request.query.text("scope")))
    },
    Route(.DELETE, "/networks/{id}") { request in
      try await backend.removeNetwork(request.parameter("id"))
      return .noContent
    },
    Route(.POST, "/networks/{id}/connect") { request in
      let document = try await request.document(NetworkConnectRequest.self).read(as: request.version)
      try await backend.connectNetwork(request.parameter("id"), document)
      return Response(.ok)
    },
    Route(.POST, "/networks/{id}/disconnect") { request in
      try await backend.disconnectNetwork(
        request.parameter("id"), try await request.document(NetworkDisconnectRequest.self))
      return Response(.ok)
    },
  ]
}
