import ContainerRuntime
import Diagnostics

extension Verb {
  static let delete = Verb(
    name: "delete", usage: "[options] ID", summary: "remove a container that has stopped",
    options: [.flag("force", "f", "kill it first when it runs; no error when it does not exist")]
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "delete [options] ID")[0]
    let force = arguments.isSet("force")
    do {
      let container = try Container.load(id, settings: settings)
      for error in try container.delete(force: force) { settings.warn(explanation(of: error)) }
    } catch  where force && (errorKind(of: error) == .notFound || errorKind(of: error) == .dataLoss) {
      // A creation that was killed half-way has left a directory without a record.
      try Container.removeRemains(id, settings: settings)
    }
    return 0
  }
}
