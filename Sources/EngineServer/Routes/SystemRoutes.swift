import Diagnostics
import EngineAPI
import NIOCore
import NIOHTTP1

func systemRoutes(_ backend: any SystemBackend) -> [Route] {
  [
    Route(.GET, "/_ping") { _ in ping },
    Route(.HEAD, "/_ping") { _ in ping },
    Route(.GET, "/version") { _ in try .json(await backend.version()) },
    Route(.GET, "/info") { _ in try .json(try await backend.info()) },
    Route(.POST, "/auth") { request in
      try .json(try await backend.authenticate(try await request.document(AuthConfig.self)))
    },
    Route(.GET, "/events") { request in try events(backend, request) },
  ]
}

/// Clients learn from these headers what they may ask for. Builder 2 would make them want BuildKit.
private let ping = Response(
  .ok,
  headers: [
    ("Builder-Version", "1"), ("Swarm", "inactive"), ("Cache-Control", "no-cache, no-store, must-revalidate"),
    ("Pragma", "no-cache"), ("Content-Type", "text/plain; charset=utf-8"),
  ], content: .bytes(ByteBuffer(string: "OK")))

private func events(_ backend: any SystemBackend, _ request: Request) throws -> Response {
  let since = try request.query.instant("since")
  let until = try request.query.instant("until")
  let filters = try request.query.filters()
  if let since, let until, until < since {
    throw ClassifiedError(.invalid, "`since` time (\(since)) cannot be after `until` time (\(until))")
  }
  // Now, while an error still has a status.
  try backend.checkEventFilters(filters)
  return .stream(contentType: "application/json", startsAtOnce: true) { stream in
    try await backend.streamEvents(since: since, until: until, filters: filters) { try await stream.writeLine($0) }
  }
}
