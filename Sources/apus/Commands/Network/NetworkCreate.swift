import CommandLine
import EngineAPI
import EngineClient

/// `apus network create`
enum NetworkCreateCommand {
  static let command = Command(
    CommandSpec(
      "create", usage: "[OPTIONS] NETWORK", "Create a network", count: .exactly(1),
      flags: [
        .bool("attachable", "Enable manual container attachment"),
        .list("aux-address", valueName: "map", "Auxiliary IPv4 or IPv6 addresses used by Network driver"),
        .string("config-from", "The network from which to copy the configuration"),
        .bool("config-only", "Create a configuration only network"),
        .string("driver", "d", default: "bridge", "Driver to manage the Network"),
        FlagSpec("gateway", .commaSeparated, "IPv4 or IPv6 Gateway for the master subnet"),
        .bool("ingress", "Create swarm routing-mesh network"),
        .bool("internal", "Restrict external access to the network"),
        FlagSpec("ip-range", .commaSeparated, "Allocate container ip from a sub-range"),
        .string("ipam-driver", default: "default", "IP Address Management Driver"),
        .list("ipam-opt", valueName: "map", "Set IPAM driver specific options"),
        .bool("ipv4", default: true, "Enable or disable IPv4 address assignment"),
        .bool("ipv6", "Enable or disable IPv6 address assignment"),
        .list("label", "Set metadata on a network"),
        .list("opt", "o", valueName: "map", "Set driver specific options"),
        .string("scope", "Control the network's scope"),
        FlagSpec("subnet", .commaSeparated, "Subnet in CIDR format that represents a network segment"),
      ]),
    noun: .network, perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    var pools = AddressPoolOption()
    pools.driver = flags.string("ipam-driver") ?? "default"
    pools.options = flags.strings("ipam-opt")
    pools.subnets = flags.strings("subnet")
    pools.ipRanges = flags.strings("ip-range")
    pools.gateways = flags.strings("gateway")
    pools.auxiliaryAddresses = flags.strings("aux-address")
    var request = NetworkCreateRequest()
    request.name = session.arguments[0]
    request.driver = flags.string("driver") ?? "bridge"
    request.scope = flags.string("scope") ?? ""
    request.enableIPv4 = flags.isSet("ipv4") ? flags.bool("ipv4") : nil
    request.enableIPv6 = flags.isSet("ipv6") ? flags.bool("ipv6") : nil
    request.ipam = try pools.ipam()
    request.isInternal = flags.bool("internal")
    request.isAttachable = flags.bool("attachable")
    request.isIngress = flags.bool("ingress")
    request.isConfigOnly = flags.bool("config-only")
    request.configFrom = flags.string("config-from").flatMap { $0.isEmpty ? nil : ConfigReference(network: $0) }
    request.options = OptionText.table(flags.strings("opt"))
    request.labels = OptionText.table(flags.strings("label"))
    let response = try session.client.createNetwork(request)
    if !response.warning.isEmpty { Console.complain("WARNING: \(response.warning)") }
    try Console.line(response.id)
    return 0
  }
}
