import CommandLine
import EngineAPI
import EngineClient

/// `apus network connect`
enum NetworkConnectCommand {
  static let command = Command(
    CommandSpec(
      "connect", usage: "[OPTIONS] NETWORK CONTAINER", "Connect a container to a network", count: .exactly(2),
      flags: [
        FlagSpec("alias", .commaSeparated, "Add network-scoped alias for the container"),
        FlagSpec("driver-opt", .commaSeparated, "driver options for the network"),
        .integer(
          "gw-priority",
          "Highest gw-priority provides the default gateway. Accepts positive and negative values."),
        .string("ip", "IPv4 address (e.g., \"172.30.100.104\")"),
        .string("ip6", "IPv6 address (e.g., \"2001:db8::33\")"),
        .link,
        FlagSpec("link-local-ip", .commaSeparated, "Add a link-local address for the container"),
      ]),
    noun: .network
  ) { session in
    let flags = session.flags
    var attachment = NetworkAttachments()
    attachment.aliases = flags.strings("alias")
    attachment.links = flags.strings("link")
    attachment.ipv4Address = flags.string("ip")
    attachment.ipv6Address = flags.string("ip6")
    attachment.linkLocalIPs = flags.strings("link-local-ip")
    let request = try NetworkConnectRequest(
      container: session.arguments[1], attachment: attachment, driverOptions: flags.strings("driver-opt"),
      gatewayPriority: flags.integer("gw-priority") ?? 0)
    try session.client.connectNetwork(session.arguments[0], request)
    return 0
  }
}

/// `apus network disconnect`
enum NetworkDisconnectCommand {
  static let command = Command(
    CommandSpec(
      "disconnect", usage: "[OPTIONS] NETWORK CONTAINER", "Disconnect a container from a network", count: .exactly(2),
      flags: [.bool("force", "f", "Force the container to disconnect from a network")]),
    noun: .network
  ) { session in
    try session.client.disconnectNetwork(
      session.arguments[0],
      NetworkDisconnectRequest(container: session.arguments[1], force: session.flags.bool("force")))
    return 0
  }
}
