import ContainerRuntime

extension Verb {
  static let features = Verb(
    name: "features", usage: "", summary: "print what the runtime can do", options: []
  ) { _, _ in
    try StandardOutput.write(RuntimeFeatures.current)
    return 0
  }
}
