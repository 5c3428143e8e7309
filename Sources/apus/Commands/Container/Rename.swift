import CommandLine
import EngineClient

/// `apus rename`
enum RenameCommand {
  static let command = Command(
    CommandSpec("rename", usage: "CONTAINER NEW_NAME", "Rename a container", count: .exactly(2)),
    noun: .container, shortcut: "rename"
  ) { session in
    try session.client.renameContainer(session.arguments[0], to: session.arguments[1])
    return 0
  }
}
