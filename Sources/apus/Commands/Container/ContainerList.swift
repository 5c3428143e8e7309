import CommandLine
import EngineAPI
import EngineClient
import JSON
import LinuxKernel

/// `apus ps`
enum ContainerListCommand {
  static let command = Command(
    CommandSpec(
      "ls", aliases: ["list", "ps"], usage: "[OPTIONS]", "List containers", count: .none,
      flags: [
        .bool("all", "a", "Show all containers (default shows just running)"),
        .filter,
        .listFormat,
        .integer("last", "n", default: "-1", "Show n last created containers (includes all states)"),
        .bool("latest", "l", "Show the latest created container (includes all states)"),
        .noTruncation,
        .bool("quiet", "q", "Only display container IDs"),
        .bool("size", "s", "Display total file sizes"),
      ]),
    noun: .container, shortcut: "ps", perform: perform)

  private static let columns: [ListView.Column] = [
    .init("ID", "CONTAINER ID"), .init("Image", "IMAGE"), .init("Command", "COMMAND"),
    .init("CreatedAt", "CREATED AT"), .init("RunningFor", "CREATED"), .init("Ports", "PORTS"),
    .init("State", "STATE"), .init("Status", "STATUS"), .init("Size", "SIZE"), .init("Names", "NAMES"),
    .init("Labels", "LABELS"), .init("Mounts", "MOUNTS"), .init("LocalVolumes", "LOCAL VOLUMES"),
    .init("Networks", "NETWORKS"), .init("Platform", "PLATFORM"),
  ]

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    let format = flags.string("format") ?? (flags.bool("quiet") ? nil : session.configuration.format("psFormat"))
    var limit = flags.integer("last").flatMap { $0 > 0 ? $0 : nil }
    if flags.bool("latest"), limit == nil { limit = 1 }
    let wantsSize = try flags.bool("size") || (format.map { try FormatTemplate($0).fields.contains("Size") } ?? false)
    let containers = try session.client.listContainers(
      all: flags.bool("all"), limit: limit, size: wantsSize, filters: session.filters())
    let truncates = !flags.bool("no-trunc")
    if flags.bool("quiet"), flags.string("format") == nil {
      try Console.write(containers.map { (truncates ? $0.id.shortID : $0.id) + "\n" }.joined())
      return 0
    }
    let now = FileTime.now.seconds
    let view = ListView(
      columns: columns,
      standardTemplate: "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
        + (flags.bool("size") ? "\t{{.Size}}" : ""),
      rows: containers.map { row($0, truncates: truncates, now: now) })
    try Console.write(try view.render(format: format))
    return 0
  }

  private static func row(_ container: ContainerSummary, truncates: Bool, now: Int64) -> [(String, JSONValue)] {
    let names = container.names.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
    // A name with a further slash is a link of another container.
    let own = truncates ? names.filter { !$0.contains("/") } : names
    let words = truncates ? container.command.abbreviated(to: 20) : container.command
    let mounts = container.mounts.map { mount in
      let name = mount.name ?? mount.source
      return truncates ? name.abbreviated(to: 15) : name
    }
    let labels = container.labels.sorted { $0.key < $1.key }
    return [
      ("ID", .string(truncates ? container.id.shortID : container.id)),
      ("Image", .string(image(container, truncates: truncates))),
      ("Command", .string(JSONValue.string(words).compact)),
      ("CreatedAt", .string(Timestamp(seconds: container.created).goDescription)),
      ("RunningFor", .string(HumanDuration.describe(seconds: now - container.created) + " ago")),
      ("Ports", .string(PublishedPorts.column(container.ports))),
      ("State", .string(container.state)),
      ("Status", .string(container.status)),
      ("Size", .string(size(container))),
      ("Names", .string(own.joined(separator: ","))),
      ("Labels", .string(labels.map { "\($0.key)=\($0.value)" }.joined(separator: ","))),
      ("Mounts", .string(mounts.joined(separator: ","))),
      ("LocalVolumes", .int(container.mounts.filter { $0.driver == "local" }.count)),
      ("Networks", .string(container.networkSettings.networks.keys.sorted().joined(separator: ","))),
      ("Platform", .null),
      ("Label", .members(labels.map { ($0.key, .string($0.value)) })),
    ]
  }

  private static func image(_ container: ContainerSummary, truncates: Bool) -> String {
    if container.image.isEmpty { return "<no image>" }
    guard truncates else { return container.image }
    if container.image.hasPrefix("sha256:") { return container.image.shortID }
    return container.image.split(separator: "@").first.map(String.init) ?? container.image
  }

  private static func size(_ container: ContainerSummary) -> String {
    let own = HumanSize.decimal(container.sizeRw ?? 0)
    guard let whole = container.sizeRootFs, whole > 0 else { return own }
    return "\(own) (virtual \(HumanSize.decimal(whole)))"
  }
}
