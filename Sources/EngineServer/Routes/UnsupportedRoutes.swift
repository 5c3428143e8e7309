import Diagnostics
import NIOHTTP1

/// What Docker's server has and this one does not have yet: said clearly, for a list too. An empty list would be a lie
/// that clients act upon.
let unsupportedRoutes: [Route] = (missing + swarmObjects).map { method, path, subject in
  Route(method, path) { _ in throw ClassifiedError(.unsupported, "\(subject) not supported yet") }
}

/// What a swarm holds, all kinds of it alike.
private let swarmObjects: [(HTTPMethod, String, String)] = ["services", "secrets", "configs"].flatMap { kind in
  [(.GET, ""), (.POST, "/create"), (.GET, "/{id}"), (.DELETE, "/{id}"), (.POST, "/{id}/update")].map {
    ($0, "/\(kind)\($1)", "swarm mode is")
  }
}

private let missing: [(HTTPMethod, String, String)] = [
  (.GET, "/containers/{id}/changes", "showing a container's changes is"),
  (.GET, "/containers/{id}/export", "exporting a container is"),
  (.POST, "/containers/{id}/restart", "restarting a container in one step is"),
  (.POST, "/containers/{id}/pause", "pausing a container is"),
  (.POST, "/containers/{id}/unpause", "pausing a container is"),
  (.GET, "/containers/{id}/attach/ws", "attaching through a WebSocket is"),
  (.HEAD, "/containers/{id}/archive", "copying files is"),
  (.GET, "/containers/{id}/archive", "copying files is"),
  (.PUT, "/containers/{id}/archive", "copying files is"),
  (.POST, "/containers/prune", "removing stopped containers in one step is"),
  (.POST, "/build", "building images is"),
  (.POST, "/build/prune", "building images is"),
  (.POST, "/build/cancel", "building images is"),
  (.POST, "/session", "BuildKit sessions are"),
  (.POST, "/grpc", "BuildKit sessions are"),
  (.POST, "/commit", "making an image from a container is"),
  (.POST, "/images/{name...}/push", "pushing images is"),
  (.GET, "/images/search", "searching a registry is"),
  (.POST, "/images/prune", "removing unused images in one step is"),
  (.GET, "/distribution/{name...}/json", "asking a registry about an image is"),
  (.GET, "/system/df", "disk usage is"),
  (.GET, "/volumes", "volumes are"),
  (.POST, "/volumes/create", "volumes are"),
  (.POST, "/volumes/prune", "volumes are"),
  (.GET, "/volumes/{name}", "volumes are"),
  (.PUT, "/volumes/{name}", "volumes are"),
  (.DELETE, "/volumes/{name}", "volumes are"),
  (.POST, "/containers/{id}/checkpoints", "checkpoints are"),
  (.GET, "/containers/{id}/checkpoints", "checkpoints are"),
  (.DELETE, "/containers/{id}/checkpoints/{checkpoint}", "checkpoints are"),
  (.GET, "/plugins", "plugins are"),
  (.GET, "/plugins/privileges", "plugins are"),
  (.POST, "/plugins/pull", "plugins are"),
  (.POST, "/plugins/create", "plugins are"),
  (.GET, "/plugins/{name...}/json", "plugins are"),
  (.DELETE, "/plugins/{name...}", "plugins are"),
  (.POST, "/plugins/{name...}/enable", "plugins are"),
  (.POST, "/plugins/{name...}/disable", "plugins are"),
  (.POST, "/plugins/{name...}/upgrade", "plugins are"),
  (.POST, "/plugins/{name...}/push", "plugins are"),
  (.POST, "/plugins/{name...}/set", "plugins are"),
  (.GET, "/swarm", "swarm mode is"),
  (.POST, "/swarm/init", "swarm mode is"),
  (.POST, "/swarm/join", "swarm mode is"),
  (.POST, "/swarm/leave", "swarm mode is"),
  (.POST, "/swarm/update", "swarm mode is"),
  (.GET, "/swarm/unlockkey", "swarm mode is"),
  (.POST, "/swarm/unlock", "swarm mode is"),
  (.GET, "/nodes", "swarm mode is"),
  (.GET, "/nodes/{id}", "swarm mode is"),
  (.DELETE, "/nodes/{id}", "swarm mode is"),
  (.POST, "/nodes/{id}/update", "swarm mode is"),
  (.GET, "/services/{id}/logs", "swarm mode is"),
  (.GET, "/tasks", "swarm mode is"),
  (.GET, "/tasks/{id}", "swarm mode is"),
  (.GET, "/tasks/{id}/logs", "swarm mode is"),
]
