/// What a container may be called by others.
struct ContainerNames: Sendable, Equatable {
  let id: ContainerID
  let name: String
  let hostname: String

  /// All of them in a network, each once; the first is its name. The whole id is longer than a label of a name may be.
  func all(aliases: [String]) -> [String] {
    var names: [String] = []
    for name in [name] + aliases + [String(id.text.prefix(12)), hostname]
    where !name.isEmpty && !names.contains(name) {
      names.append(name)
    }
    return names
  }
}

extension ContainerPlan {
  func called(_ container: Container) -> ContainerNames {
    ContainerNames(id: container.id, name: container.name, hostname: namespaces.hostname)
  }

  /// The same once it has been started; nil before.
  func calledInNetworks(_ container: Container) -> ContainerNames? {
    if case .created = container.state { nil } else { called(container) }
  }
}
