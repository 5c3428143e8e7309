import EngineClient

/// The exit status for an error at the start of a command in a container, as shells know them.
enum StartFailure {
  /// 127 for a command that is not there, 126 for one that cannot be executed, else 125: the engine failed. The server
  /// says which by the text of its error, as dockerd does.
  static func status(for error: any Error) -> Int32 {
    guard let message = (error as? EngineFault)?.serverMessage else { return 125 }
    if ["executable file not found", "no such file or directory"].contains(where: message.contains) { return 127 }
    if ["permission denied", "is a directory"].contains(where: message.contains) { return 126 }
    return 125
  }
}
