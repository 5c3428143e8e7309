import CommandLine

/// All commands of the program.
enum CommandTable {
  private static let commands: [Command] = [
    // container
    RunCommand.command, ExecCommand.command, ContainerListCommand.command, AttachCommand.command,
    CreateCommand.command, ContainerInspectCommand.command, KillCommand.command, LogsCommand.command,
    RenameCommand.command, ContainerRemoveCommand.command, StartCommand.command, StopCommand.command,
    TopCommand.command, WaitCommand.command,
    // image
    PullCommand.command, ImageListCommand.command, HistoryCommand.command, ImportCommand.command,
    ImageInspectCommand.command, LoadCommand.command, ImageRemoveCommand.command, SaveCommand.command,
    TagCommand.command,
    // system, registry
    LoginCommand.command, LogoutCommand.command, VersionCommand.command, InfoCommand.command, EventsCommand.command,
    InspectCommand.command, CompletionCommand.command,
  ]

  private static let common = [
    "run", "exec", "ps", "pull", "images", "login", "logout", "version", "info",
  ]

  private static let groups: [(noun: Command.Noun, summary: String)] = [
    (.container, "Manage containers"), (.image, "Manage images"), (.system, "Manage Apus"),
  ]

  /// The tree of commands, with every one of them under each of its names.
  static let root: CommandSpec = {
    var plain: [CommandSpec] = []
    for command in commands {
      guard let name = command.noun == nil ? command.spec.name : command.shortcut else { continue }
      var spec = command.spec.renamed(name)
      spec.section = common.contains(name) ? "Common Commands" : nil
      spec.spellings = spellings(of: command)
      plain.append(spec)
    }
    let ordered =
      common.compactMap { name in plain.first { $0.name == name } }
      + plain.filter { !common.contains($0.name) }.sorted { $0.name < $1.name }
    let managed = groups.map { group in
      var spec = CommandSpec(group: group.noun.rawValue, group.summary, subcommands: members(of: group.noun))
      spec.section = "Management Commands"
      return spec
    }
    let heads = ordered.prefix(common.count)
    return CommandSpec(
      group: "apus", usage: "[OPTIONS] COMMAND", "A container engine for Linux", flags: globalFlags,
      subcommands: heads + managed + ordered.dropFirst(common.count))
  }()

  /// The command that a path of canonical names leads to; nil for a group.
  static func command(at path: [String]) -> Command? {
    switch path.count {
    case 2: commands.first { ($0.noun == nil ? $0.spec.name : $0.shortcut) == path[1] }
    case 3: commands.first { $0.noun?.rawValue == path[1] && $0.spec.name == path[2] }
    default: nil
    }
  }

  private static func members(of noun: Command.Noun) -> [CommandSpec] {
    commands.filter { $0.noun == noun }.map { command in
      var spec = command.spec
      spec.spellings = spellings(of: command)
      return spec
    }.sorted { $0.name < $1.name }
  }

  private static func spellings(of command: Command) -> [String] {
    guard let noun = command.noun, let shortcut = command.shortcut else { return [] }
    return ([command.spec.name] + command.spec.aliases).map { "\(noun.rawValue) \($0)" } + [shortcut]
  }

  private static let globalFlags: [FlagSpec] = [
    .string("config", "Location of client config files (default: $DOCKER_CONFIG, else ~/.docker)"),
    .string("context", "c", "Name of the context to use to connect to the daemon; only \"default\" is there"),
    .bool("debug", "D", "Enable debug mode"),
    .list("host", "H", "Daemon socket to connect to"),
    .string(
      "log-level", "l", default: "info", "Set the logging level (\"debug\", \"info\", \"warn\", \"error\", \"fatal\")"),
    FlagSpec.bool("tls", "Use TLS; implied by --tlsverify").hidden(),
    FlagSpec.bool("tlsverify", "Use TLS and verify the remote").hidden(),
    .bool("version", "v", "Print version information and quit"),
  ]
}
