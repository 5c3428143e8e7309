import CommandLine
import EngineAPI
import EngineClient
import JSON

/// `apus network ls`
enum NetworkListCommand {
  static let command = Command(
    CommandSpec(
      "ls", aliases: ["list"], usage: "[OPTIONS]", "List networks", count: .none,
      flags: [
        .list("filter", "f", valueName: "filter", "Provide filter values (e.g. \"driver=bridge\")"),
        .listFormat,
        .bool("no-trunc", "Do not truncate the output"),
        .bool("quiet", "q", "Only display network IDs"),
      ]),
    noun: .network, perform: perform)

  private static let columns: [ListView.Column] = [
    .init("ID", "NETWORK ID"), .init("Name", "NAME"), .init("Driver", "DRIVER"), .init("Scope", "SCOPE"),
    .init("IPv4", "IPV4"), .init("IPv6", "IPV6"), .init("Internal", "INTERNAL"), .init("Labels", "LABELS"),
    .init("CreatedAt", "CREATED AT"),
  ]

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    let networks = try session.client.listNetworks(filters: session.filters())
      .sorted { $0.name.naturallyPrecedes($1.name) }
    let truncates = !flags.bool("no-trunc")
    let isQuiet = flags.bool("quiet")
    if isQuiet, ["", "table"].contains(flags.string("format") ?? "") {
      try Console.write(networks.map { (truncates ? $0.id.shortID : $0.id) + "\n" }.joined())
      return 0
    }
    let view = ListView(
      columns: columns, standardTemplate: "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
      rows: networks.map { row($0, truncates: truncates) })
    let format = flags.string("format") ?? (isQuiet ? nil : session.configuration.format("networksFormat"))
    try Console.write(try view.render(format: format))
    return 0
  }

  private static func row(_ network: Network, truncates: Bool) -> [(String, JSONValue)] {
    let labels = network.labels.sorted { $0.key < $1.key }
    return [
      ("ID", .string(truncates ? network.id.shortID : network.id)),
      ("Name", .string(network.name)),
      ("Driver", .string(network.driver)),
      ("Scope", .string(network.scope)),
      ("IPv4", .string(String(network.enableIPv4))),
      ("IPv6", .string(String(network.enableIPv6))),
      ("Internal", .string(String(network.isInternal))),
      ("Labels", .string(labels.map { "\($0.key)=\($0.value)" }.joined(separator: ","))),
      ("CreatedAt", .string(Timestamp(network.created)?.goDescription ?? network.created)),
      ("Label", .members(labels.map { ($0.key, .string($0.value)) })),
    ]
  }
}
