import CommandLine

/// A program with the kinds of command and flag that the grammar knows.
enum GrammarFixture {
  static let root = CommandSpec(
    group: "prog", usage: "[OPTIONS] COMMAND", "A program",
    flags: [.list("host", "H", "Where the server listens"), .bool("debug", "D", "Say more")],
    subcommands: [
      run,
      CommandSpec("ps", usage: "[OPTIONS]", "List things", count: .none, flags: [.bool("all", "a", "All of them")]),
      CommandSpec("rename", usage: "OLD NEW", "Rename a thing", count: .exactly(2)),
      CommandSpec(
        group: "thing", "Manage things",
        subcommands: [CommandSpec("ls", aliases: ["list"], usage: "[OPTIONS]", "List things", count: .none)]),
    ])

  private static let run = CommandSpec(
    "run", usage: "[OPTIONS] IMAGE [COMMAND]", "Run a thing", count: .atLeast(1), endsFlagsAtFirstArgument: true,
    flags: [
      .bool("interactive", "i", "Keep input open"),
      .bool("tty", "t", "Make a terminal"),
      .bool("rm", "Remove it afterwards"),
      .bool("sig-proxy", default: true, "Pass signals on"),
      .string("name", "Its name"),
      .list("env", "e", "Variables"),
      .list("publish", "p", "Ports"),
      .integer("pids", "Number of processes"),
      FlagSpec("memory", "m", .byteSize, "Limit of memory"),
      FlagSpec("memory-swap", .byteSizeOrUnlimited, "Limit of memory and swap"),
      FlagSpec("cpus", .decimal, "Number of CPUs"),
      FlagSpec("weight", .unsigned(bits: 16), "Weight"),
      FlagSpec("interval", .duration, "Time between"),
      FlagSpec("platforms", .commaSeparated, "Platforms"),
      FlagSpec.list("limit", "Limits").checked { $0.contains("=") ? nil : "invalid limit: \($0)" },
      FlagSpec.integer("time", "Seconds").deprecated("use --timeout"),
    ])

  static func invocation(_ words: [String]) throws -> Invocation {
    guard case .run(let invocation) = try ArgumentScanner(root: root).scan(words) else { throw Unexpected.help }
    return invocation
  }

  enum Unexpected: Error {
    case help
  }
}
