import ContainerRuntime

extension Verb {
  static let pause = Verb(
    name: "pause", usage: "ID", summary: "stop all processes of a container where they are", options: []
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "pause ID")[0]
    try Container.load(id, settings: settings).pause()
    return 0
  }

  static let resume = Verb(
    name: "resume", usage: "ID", summary: "let the processes of a paused container go on", options: []
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "resume ID")[0]
    try Container.load(id, settings: settings).resume()
    return 0
  }
}
