import CommandLine

/// All commands of the program.
enum CommandTable {
  private static let commands: [Command] = [
    // container
    RunCommand.command, ExecCommand.command, ContainerListCommand.command, AttachCommand.command,
    CreateCommand.command, ContainerInspectCommand.command, KillCommand.command, LogsCommand.command,
    RenameCommand.command, ContainerRemoveCommand.command, StartCommand.command, StopCommand.command,
    TopCommand.command, WaitCommand.command, PortCommand.command, UpdateCommand.command, StatsCommand.command,
    // image
    PullCommand.command, ImageListCommand.command, HistoryCommand.command, ImportCommand.command,
    ImageInspectCommand.command, LoadCommand.command, ImageRemoveCommand.command, SaveCommand.command,
    TagCommand.command,
    // network
    NetworkConnectCommand.command, NetworkCreateCommand.command, NetworkDisconnectCommand.command,
    NetworkInspectCommand.command, NetworkListCommand.command, NetworkPruneCommand.command,
    NetworkRemoveCommand.command,
    // system, registry
    LoginCommand.command, LogoutCommand.command, VersionCommand.command, InfoCommand.command, EventsCommand.command,
    InspectCommand.command, CompletionCommand.command,
  ]

  private static let common = [
    "run", "exec", "ps", "pull", "images", "login", "logout", "version", "info",
  ]

  private static let groups: [(noun: Command.Noun, summary: String)] = [
    (.container, "Manage containers"), (.image, "Manage images"), (.network, "Manage networks"),
    (.system, "Manage Apus"),
  ]

  /// The tree of commands, with every one of them under each of its names.
  static let root = CommandSpec(
    group: "apus", usage: "[OPTIONS] COMMAND", "A container engine for Linux", flags: globalFlags,
    subcommands: everything, find: find)

  /// A command or group by the word behind the program's name.
  private static func find(_ word: String) -> CommandSpec? {
    for command in commands where plainName(of: command) == word { return spec(of: command, named: word) }
    for group in groups where group.noun.rawValue == word { return spec(of: group) }
    return nil
  }

  /// What the program's help lists.
  private static var everything: [CommandSpec] {
    var plain: [CommandSpec] = []
    for command in commands {
      guard let name = plainName(of: command) else { continue }
      var spec = spec(of: command, named: name)
      spec.section = common.contains(name) ? "Common Commands" : nil
      plain.append(spec)
    }
    let ordered =
      common.compactMap { name in plain.first { $0.name == name } }
      + plain.filter { !common.contains($0.name) }.sorted { $0.name < $1.name }
    return ordered.prefix(common.count) + groups.map(spec) + ordered.dropFirst(common.count)
  }

  private static func spec(of command: Command, named name: String) -> CommandSpec {
    var spec = command.spec.renamed(name)
    spec.spellings = spellings(of: command)
    return spec
  }

  private static func spec(of group: (noun: Command.Noun, summary: String)) -> CommandSpec {
    var spec = CommandSpec(group: group.noun.rawValue, group.summary, subcommands: members(of: group.noun))
    spec.section = "Management Commands"
    return spec
  }

  /// The command that a path of canonical names leads to; nil for a group.
  static func command(at path: [String]) -> Command? {
    switch path.count {
    case 2: commands.first { plainName(of: $0) == path[1] }
    case 3: commands.first { $0.noun?.rawValue == path[1] && $0.spec.name == path[2] }
    default: nil
    }
  }

  /// The command's name without a group in front; nil when it is only there behind its group.
  private static func plainName(of command: Command) -> String? {
    command.noun == nil ? command.spec.name : command.shortcut
  }

  private static func members(of noun: Command.Noun) -> [CommandSpec] {
    commands.filter { $0.noun == noun }.map { command in
      var spec = command.spec
      spec.spellings = spellings(of: command)
      return spec
    }.sorted { $0.name < $1.name }
  }

  private static func spellings(of command: Command) -> [String] {
    guard let noun = command.noun else { return [] }
    let names = [command.spec.name] + command.spec.aliases
    return names.map { "\(noun.rawValue) \($0)" } + [command.shortcut].compactMap { $0 }
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
