import CommandLine
import EngineClient

/// `apus rm`
enum ContainerRemoveCommand {
  static let command = Command(
    CommandSpec(
      "rm", aliases: ["remove"], usage: "[OPTIONS] CONTAINER [CONTAINER...]", "Remove one or more containers",
      count: .atLeast(1),
      flags: [
        .bool("force", "f", "Force the removal of a running container (uses SIGKILL)"),
        .bool("link", "l", "Remove the specified link"),
        .bool("volumes", "v", "Remove anonymous volumes associated with the container"),
      ]),
    noun: .container, shortcut: "rm"
  ) { session in
    let flags = session.flags
    return try session.forEachArgument { name in
      do {
        try session.client.removeContainer(
          name, force: flags.bool("force"), volumes: flags.bool("volumes"), link: flags.bool("link"))
        try Console.line(name)
      } catch let fault as EngineFault where fault.status == 404 && flags.bool("force") {
        Console.complain(fault.explanation)
      }
    }
  }
}
