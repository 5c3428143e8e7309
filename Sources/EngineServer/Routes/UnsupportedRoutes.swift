import Diagnostics
import NIOHTTP1

/// What Docker's server has and this one does not have yet: said clearly, for a list too. An empty list would be a lie
/// that clients act upon.
let unsupportedRoutes: [Route] = missing.map { method, path, subject in
  Route(method, path) { _ in throw ClassifiedError(.unsupported, "\(subject) not supported yet") }
}

private let missing: [(HTTPMethod, String, String)] = [
  (.GET, "/containers/{id}/changes", "showing a container's changes is"),
  (.GET, "/containers/{id}/export", "exporting a container is"),
  (.GET, "/containers/{id}/stats", "container statistics are"),
  (.POST, "/containers/{id}/restart", "restarting a container in one step is"),
  (.POST, "/containers/{id}/update", "updating a container is"),
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
  (.GET, "/plugins", "plugins are"),
  (.GET, "/plugins/{name...}/json", "plugins are"),
  (.GET, "/swarm", "swarm mode is"),
  (.POST, "/swarm/init", "swarm mode is"),
  (.POST, "/swarm/join", "swarm mode is"),
  (.POST, "/swarm/leave", "swarm mode is"),
  (.GET, "/nodes", "swarm mode is"),
  (.GET, "/services", "swarm mode is"),
  (.GET, "/tasks", "swarm mode is"),
  (.GET, "/secrets", "swarm mode is"),
  (.GET, "/configs", "swarm mode is"),
]
