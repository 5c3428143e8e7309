import ContainerRuntime

extension Verb {
  static let state = Verb(
    name: "state", usage: "ID", summary: "print the state of a container", options: []
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "state ID")[0]
    try StandardOutput.write(try Container.load(id, settings: settings).report())
    return 0
  }
}
