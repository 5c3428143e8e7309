/// Docker's commands that are not there yet: whoever types one has made no mistake.
enum MissingCommands {
  private static let plain: Set<String> = [
    "build", "builder", "buildx", "checkpoint", "commit", "compose", "config", "context", "cp", "diff", "export",
    "manifest", "node", "pause", "plugin", "push", "restart", "search", "secret", "service", "stack", "swarm",
    "trust", "unpause", "volume",
  ]
  private static let behindGroups: [String: Set<String>] = [
    "container": ["commit", "cp", "diff", "export", "pause", "prune", "restart", "unpause"],
    "image": ["build", "prune", "push"],
    "system": ["df", "dial-stdio", "prune"],
  ]

  /// What to say about a command that the table has not; nil when Docker has it neither.
  static func complaint(about words: [String]) -> String? {
    let isMissing =
      switch words.count {
      case 1: plain.contains(words[0])
      case 2: behindGroups[words[0]]?.contains(words[1]) == true
      default: false
      }
    guard isMissing else { return nil }
    return "apus: the command \(words.joined(separator: " ")) is not supported yet"
  }
}
