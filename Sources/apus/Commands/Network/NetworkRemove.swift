import CommandLine
import EngineAPI
import EngineClient

/// `apus network rm`
enum NetworkRemoveCommand {
  static let command = Command(
    CommandSpec(
      "rm", aliases: ["remove"], usage: "NETWORK [NETWORK...]", "Remove one or more networks", count: .atLeast(1),
      flags: [.bool("force", "f", "Do not error if the network does not exist")]),
    noun: .network
  ) { session in
    let isForced = session.flags.bool("force")
    return try session.forEachArgument { name in
      do {
        try session.client.removeNetwork(name)
        try Console.line(name)
      } catch let fault as EngineFault where fault.status == 404 && isForced {
        return
      }
    }
  }
}

/// `apus network prune`
enum NetworkPruneCommand {
  static let command = Command(
    CommandSpec(
      "prune", usage: "[OPTIONS]", "Remove all unused networks", count: .none,
      flags: [
        .list("filter", valueName: "filter", "Provide filter values (e.g. \"until=<timestamp>\")"),
        .bool("force", "f", "Do not prompt for confirmation"),
      ]),
    noun: .network, perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let filters = session.filters()
    if !session.flags.bool("force") {
      let isWanted = try Prompt.confirm(
        """
        WARNING! This will remove all custom networks not used by at least one container.
        Are you sure you want to continue?
        """)
      if !isWanted { return 0 }
    }
    let names = try session.client.pruneNetworks(filters: filters).networksDeleted ?? []
    if !names.isEmpty { try Console.write("Deleted Networks:\n" + names.map { $0 + "\n" }.joined() + "\n") }
    return 0
  }
}
