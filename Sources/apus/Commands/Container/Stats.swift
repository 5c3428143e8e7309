import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import JSON
import LinuxKernel

/// `apus stats`
enum StatsCommand {
  static let command = Command(
    CommandSpec(
      "stats", usage: "[OPTIONS] [CONTAINER...]", "Display a live stream of container(s) resource usage statistics",
      count: .any,
      flags: [
        .bool("all", "a", "Show all containers (default shows just running)"),
        .listFormat,
        .bool("no-stream", "Disable streaming stats and only pull the first result"),
        .bool("no-trunc", "Do not truncate output"),
      ]),
    noun: .container, shortcut: "stats", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    let format = flags.string("format") ?? session.configuration.format("statsFormat")
    let view = StatsView(format: format, truncates: !flags.bool("no-trunc"))
    let board = try StatsBoard(
      session.client, names: session.arguments, all: flags.bool("all"), streams: !flags.bool("no-stream"))
    if flags.bool("no-stream") {
      try board.readOnce()
      if !board.rows.isEmpty { try Console.write(try view.render(board.rows)) }
      return 0
    }
    // Written over each time, and what is left of the last time cleared.
    try board.follow { rows in
      let lines = try view.render(rows).split(separator: "\n", omittingEmptySubsequences: false)
      try Console.write("\u{1B}[H" + lines.map { $0 + " \u{1B}[K\n" }.joined() + "\u{1B}[J")
    }
    return 0
  }
}

/// One container of the table.
struct StatsRow {
  /// As it was asked for.
  let container: String
  var reading: ContainerStatistics?
  /// Whether the numbers count: not after an error, nor when none have come for long.
  var isValid = false
}

/// How the table is printed.
struct StatsView {
  let format: String?
  let truncates: Bool

  func render(_ rows: [StatsRow]) throws -> String {
    try ListView(
      columns: [
        .init("Container", "CONTAINER"), .init("ID", "CONTAINER ID"), .init("Name", "NAME"),
        .init("CPUPerc", "CPU %"), .init("MemUsage", "MEM USAGE / LIMIT"), .init("MemPerc", "MEM %"),
        .init("NetIO", "NET I/O"), .init("BlockIO", "BLOCK I/O"), .init("PIDs", "PIDS"),
      ],
      standardTemplate:
        "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
      rows: rows.map(cells)
    ).render(format: format)
  }

  private func cells(_ row: StatsRow) -> [(String, JSONValue)] {
    let reading = row.reading ?? ContainerStatistics()
    let used = UsageFigures(reading)
    func value(_ text: String, else missing: String = "--") -> JSONValue { .string(row.isValid ? text : missing) }
    func decimal(_ one: UInt64, _ other: UInt64) -> String {
      "\(HumanSize.decimal(Int64(clamping: one))) / \(HumanSize.decimal(Int64(clamping: other)))"
    }
    let memory =
      "\(HumanSize.binary(Int64(clamping: used.memory))) / \(HumanSize.binary(Int64(clamping: used.memoryLimit)))"
    return [
      ("Container", .string(row.container)), ("ID", .string(truncates ? reading.id.shortID : reading.id)),
      ("Name", .string(reading.name.count > 1 ? String(reading.name.dropFirst()) : "--")),
      ("CPUPerc", value(Percentage.text(used.processorPercent))), ("MemUsage", value(memory, else: "-- / --")),
      ("MemPerc", value(Percentage.text(used.memoryPercent))), ("NetIO", value(decimal(used.received, used.sent))),
      ("BlockIO", value(decimal(used.read, used.written))), ("PIDs", value("\(used.processes)")),
    ]
  }
}
