import Diagnostics

// Sentences that clients look at: they are dockerd's, to the letter.
extension ClassifiedError {
  static func noSuchContainer(_ name: String) -> ClassifiedError {
    ClassifiedError(.notFound, "No such container: \(name)")
  }

  static func ambiguousContainer(_ prefix: String) -> ClassifiedError {
    ClassifiedError(.invalid, "multiple IDs found with provided prefix: \(prefix)")
  }

  static func nameTaken(_ name: String, by id: ContainerID) -> ClassifiedError {
    ClassifiedError(
      .conflict,
      "Conflict. The container name \"/\(name)\" is already in use by container \"\(id)\". You have to remove (or "
        + "rename) that container to be able to reuse that name.")
  }

  static func notRunning(_ id: ContainerID) -> ClassifiedError {
    ClassifiedError(.conflict, "container \(id) is not running")
  }
}
