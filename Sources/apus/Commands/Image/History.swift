import CommandLine
import EngineAPI
import EngineClient
import JSON
import LinuxKernel

/// `apus history`
enum HistoryCommand {
  static let command = Command(
    CommandSpec(
      "history", usage: "[OPTIONS] IMAGE", "Show the history of an image", count: .exactly(1),
      flags: [
        .listFormat,
        .bool("human", "H", default: true, "Print sizes and dates in human readable format"),
        .noTruncation,
        .bool("quiet", "q", "Only show image IDs"),
      ]),
    noun: .image, shortcut: "history", perform: perform)

  private static let columns: [ListView.Column] = [
    .init("ID", "IMAGE"), .init("CreatedSince", "CREATED"), .init("CreatedAt", "CREATED AT"),
    .init("CreatedBy", "CREATED BY"), .init("Size", "SIZE"), .init("Comment", "COMMENT"),
  ]

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    let truncates = !flags.bool("no-trunc")
    let items = try session.client.imageHistory(session.arguments[0])
    if flags.bool("quiet"), flags.string("format") == nil {
      try Console.write(items.map { (truncates ? $0.id.shortID : $0.id) + "\n" }.joined())
      return 0
    }
    let isHuman = flags.bool("human")
    let now = FileTime.now.seconds
    let view = ListView(
      columns: columns,
      standardTemplate: isHuman
        ? "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
        : "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
      rows: items.map { item in
        let words = item.createdBy.replacing("\t", with: " ")
        return [
          ("ID", .string(truncates && item.id != "<missing>" ? item.id.shortID : item.id)),
          ("CreatedSince", .string(HumanDuration.describe(seconds: now - item.created) + " ago")),
          ("CreatedAt", .string(Timestamp(seconds: item.created).rfc3339())),
          ("CreatedBy", .string(truncates ? words.abbreviated(to: 45) : words)),
          ("Size", .string(isHuman ? HumanSize.decimal(item.size) : String(item.size))),
          ("Comment", .string(item.comment)),
        ]
      })
    try Console.write(try view.render(format: flags.string("format")))
    return 0
  }
}
