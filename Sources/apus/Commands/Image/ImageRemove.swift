import CommandLine
import EngineAPI
import EngineClient

/// `apus rmi`
enum ImageRemoveCommand {
  static let command = Command(
    CommandSpec(
      "rm", aliases: ["remove"], usage: "[OPTIONS] IMAGE [IMAGE...]", "Remove one or more images", count: .atLeast(1),
      flags: [
        .bool("force", "f", "Force removal of the image"),
        .bool("no-prune", "Do not delete untagged parents"),
      ]),
    noun: .image, shortcut: "rmi"
  ) { session in
    let isForced = session.flags.bool("force")
    return try session.forEachArgument { name in
      do {
        for item in try session.client.removeImage(name, force: isForced, prune: !session.flags.bool("no-prune")) {
          if let name = item.untagged { try Console.line("Untagged: \(name)") }
          if let id = item.deleted { try Console.line("Deleted: \(id)") }
        }
      } catch let fault as EngineFault where fault.status == 404 && isForced {
        Console.complain(fault.explanation)
      }
    }
  }
}
