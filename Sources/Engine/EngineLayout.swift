/// Where everything of a container lies: each path follows from its id.
struct EngineLayout: Sendable {
  let dataRoot: String
  let execRoot: String

  var database: String { "\(dataRoot)/apus.db" }
  var layers: String { "\(dataRoot)/layers" }
  var containers: String { "\(dataRoot)/containers" }
  /// One file for each network, to rebuild its row from.
  var networks: String { "\(dataRoot)/networks" }
  func network(_ id: String) -> String { "\(networks)/\(id).json" }
  /// Emptied whenever a server starts.
  var temporary: String { "\(dataRoot)/tmp" }
  /// The engine's own name, made once.
  var identity: String { "\(dataRoot)/engine-id" }
  var shims: String { "\(execRoot)/shims" }
  var bundles: String { "\(execRoot)/bundles" }
  var runtimeRoot: String { "\(execRoot)/runtime" }

  func directory(of id: ContainerID) -> String { "\(containers)/\(id)" }
  func description(of id: ContainerID) -> String { "\(directory(of: id))/container.json" }
  /// Where the directory of a removed container waits to be emptied.
  func remains(of id: ContainerID) -> String { "\(temporary)/removed-\(id)" }
  func exitRecord(of id: ContainerID) -> String { "\(directory(of: id))/exit" }
  func log(of id: ContainerID) -> String { "\(directory(of: id))/\(id)-json.log" }
  func bundle(of id: ContainerID) -> String { "\(bundles)/\(id)" }
  func runtimeState(of id: ContainerID) -> String { "\(runtimeRoot)/\(id)" }
  func socket(of id: ContainerID) -> String { "\(shims)/\(id.socketName)" }
}
