import NIOHTTP1
import Testing

@testable import EngineServer

/// Every endpoint of Docker's is there, or says that it is not: none is unknown.
@Suite(.timeLimit(.minutes(1))) struct DockerEndpointTests {
  /// The paths of the Docker Engine API 1.51, and what each can be asked with.
  private static let list = """
    GET /containers/json
    POST /containers/create
    GET /containers/{id}/json
    GET /containers/{id}/top
    GET /containers/{id}/logs
    GET /containers/{id}/changes
    GET /containers/{id}/export
    GET /containers/{id}/stats
    POST /containers/{id}/resize
    POST /containers/{id}/start
    POST /containers/{id}/stop
    POST /containers/{id}/restart
    POST /containers/{id}/kill
    POST /containers/{id}/update
    POST /containers/{id}/rename
    POST /containers/{id}/pause
    POST /containers/{id}/unpause
    POST /containers/{id}/attach
    GET /containers/{id}/attach/ws
    POST /containers/{id}/wait
    DELETE /containers/{id}
    HEAD GET PUT /containers/{id}/archive
    POST /containers/prune
    GET /images/json
    POST /build
    POST /build/prune
    POST /images/create
    GET /images/{name}/json
    GET /images/{name}/history
    POST /images/{name}/push
    POST /images/{name}/tag
    DELETE /images/{name}
    GET /images/search
    POST /images/prune
    POST /auth
    GET /info
    GET /version
    GET HEAD /_ping
    POST /commit
    GET /events
    GET /system/df
    GET /images/{name}/get
    GET /images/get
    POST /images/load
    POST /containers/{id}/exec
    POST /exec/{id}/start
    POST /exec/{id}/resize
    GET /exec/{id}/json
    GET /volumes
    POST /volumes/create
    GET PUT DELETE /volumes/{name}
    POST /volumes/prune
    GET /networks
    GET DELETE /networks/{id}
    POST /networks/create
    POST /networks/{id}/connect
    POST /networks/{id}/disconnect
    POST /networks/prune
    GET /plugins
    GET /plugins/privileges
    POST /plugins/pull
    GET /plugins/{name}/json
    DELETE /plugins/{name}
    POST /plugins/{name}/enable
    POST /plugins/{name}/disable
    POST /plugins/{name}/upgrade
    POST /plugins/create
    POST /plugins/{name}/push
    POST /plugins/{name}/set
    GET /nodes
    GET DELETE /nodes/{id}
    POST /nodes/{id}/update
    GET /swarm
    POST /swarm/init
    POST /swarm/join
    POST /swarm/leave
    POST /swarm/update
    GET /swarm/unlockkey
    POST /swarm/unlock
    GET /services
    POST /services/create
    GET DELETE /services/{id}
    POST /services/{id}/update
    GET /services/{id}/logs
    GET /tasks
    GET /tasks/{id}
    GET /tasks/{id}/logs
    GET /secrets
    POST /secrets/create
    GET DELETE /secrets/{id}
    POST /secrets/{id}/update
    GET /configs
    POST /configs/create
    GET DELETE /configs/{id}
    POST /configs/{id}/update
    GET /distribution/{name}/json
    POST /session
    """

  static let endpoints: [(method: HTTPMethod, path: String)] = list.split(separator: "\n").flatMap { line in
    let words = line.split(separator: " ").map(String.init)
    return words.dropLast().map { (HTTPMethod(rawValue: $0), words[words.count - 1]) }
  }

  private let all = RouteTable(allRoutes(Backends(FakeEngine())))
  private let missing = RouteTable(unsupportedRoutes)

  @Test(arguments: endpoints) func isAnswered(method: HTTPMethod, path: String) async throws {
    for version in ["/v1.51", ""] {
      // A name with slashes where the API takes an image's or a plugin's.
      let target =
        version
        + path.replacing("{name}", with: path.hasPrefix("/volumes") ? "x" : "host:5/a/b")
        .replacing("{id}", with: "x")
      let segments = try RequestTarget(target).segments
      #expect(all.match(method, segments) != nil, "\(method) \(target)")
      guard missing.match(method, segments) != nil else { continue }
      try await withServer { path, _ in
        let request = "\(method.rawValue) \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        let answer = try await SocketClient(path: path).exchange(request)
        #expect(answer.hasPrefix("HTTP/1.1 501 "), "\(method) \(target): \(answer)")
        if method != .HEAD { #expect(answer.contains("not supported yet"), "\(method) \(target)") }
      }
    }
  }
}
