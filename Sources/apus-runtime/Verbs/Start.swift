import ContainerRuntime

extension Verb {
  static let start = Verb(
    name: "start", usage: "ID", summary: "run the program of a container that was made", options: []
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "start ID")[0]
    try Container.load(id, settings: settings).start()
    return 0
  }
}
