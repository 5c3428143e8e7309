import CommandLine
import Diagnostics
import Engine
import JSON
import NetworkAddresses

/// How flags and keys set up the networks.
struct NetworkSettings {
  private let flags: FlagValues
  private let file: ConfigurationFile

  init(_ flags: FlagValues, _ file: ConfigurationFile) {
    self.flags = flags
    self.file = file
  }

  /// Throws: `invalid` that names the flag or key at fault, `unsupported` for a bridge of the user's own.
  func configuration() throws -> NetworkingConfiguration {
    var network = NetworkingConfiguration()
    network.hasDefaultNetwork = try hasDefaultNetwork()
    network.bridgeAddress4 = try value("bip") { Self.interface($0, .version4) }
    network.bridgeAddress6 = try value("bip6") { Self.interface($0, .version6) }
    network.range4 = try value("fixed-cidr") { Self.interface($0, .version4) }?.network
    network.range6 = try value("fixed-cidr-v6") { Self.interface($0, .version6) }?.network
    network.gateway4 = try value("default-gateway") { Self.address($0, .version4) }
    network.gateway6 = try value("default-gateway-v6") { Self.address($0, .version6) }
    network.hostBinding = try value("ip") { Self.address($0, .version4) } ?? network.hostBinding
    network.hasVersion6 = bool("ipv6")
    network.connectsContainers = bool("icc")
    network.masquerades = bool("ip-masq")
    network.becomesRouter = bool("ip-forward")
    network.mtu = try mtu()
    network.addressPools = try addressPools()
    network.driverOptions = try driverOptions()
    network.nameServers = try list("dns", key: "dns") { IPAddress($0).map { "\($0)" } }
    network.searchDomains = try list("dns-search", key: "dns-search", Self.word)
    network.resolverOptions = try list("dns-opt", key: "dns-opts", Self.word)
    network.hostGateway = try hostGateway()
    try network.check()
    return network
  }

  // MARK: Values

  private func bool(_ name: String) -> Bool { file.bool(name) ?? flags.bool(name) }

  /// What a text says; nil for none and for an empty one.
  private func value<Value>(_ name: String, _ read: (String) -> Value?) throws -> Value? {
    guard let text = file.text(name) ?? flags.string(name), !text.isEmpty else { return nil }
    guard let value = read(text) else { throw invalid(name, text) }
    return value
  }

  private func list(_ name: String, key: String, _ read: (String) -> String?) throws -> [String] {
    try (file.list(key) ?? flags.strings(name)).map { text in
      guard let value = read(text) else { throw invalid(name, text) }
      return value
    }
  }

  private func invalid(_ name: String, _ text: String) -> ClassifiedError {
    ClassifiedError(.invalid, "invalid value: \"\(text)\"", object: name, advice: Self.examples[name])
  }

  private static let examples = [
    "bip": "write the bridge's address as 192.168.200.1/24", "bip6": "write the bridge's address as fd00::1/64",
    "fixed-cidr": "write it as 192.168.200.128/25", "fixed-cidr-v6": "write it as fd00:0:0:1::/80",
    "ip": "write an IPv4 address of this machine", "default-gateway": "write an IPv4 address",
    "default-gateway-v6": "write an IPv6 address", "dns": "write the address of a name server",
    "default-address-pool": "write it as base=10.10.0.0/16,size=24",
    "default-network-opt": "write it as bridge=com.docker.network.driver.mtu=1400",
    "host-gateway-ip": "write an address of this machine",
  ]

  private static func interface(_ text: String, _ family: IPAddress.Family) -> InterfaceAddress? {
    InterfaceAddress(text).flatMap { $0.address.family == family ? $0 : nil }
  }

  private static func address(_ text: String, _ family: IPAddress.Family) -> IPAddress? {
    IPAddress(text).flatMap { $0.family == family ? $0 : nil }
  }

  /// A word of a line of resolv.conf(5).
  private static func word(_ text: String) -> String? {
    text.isEmpty || text.contains(where: \.isWhitespace) ? nil : text
  }

  // MARK: One by one

  private func hasDefaultNetwork() throws -> Bool {
    switch file.text("bridge") ?? flags.string("bridge") ?? "" {
    case "": return true
    case "none":
      for name in ["bip", "bip6"] where try value(name, { $0 }) != nil {
        throw ClassifiedError(.invalid, "there is no bridge to have this address", object: name)
      }
      return false
    case let name:
      throw ClassifiedError(
        .unsupported, "a bridge that is there already is not supported yet", object: "bridge \(name)",
        advice: "say none, or leave it out")
    }
  }

  private func mtu() throws -> Int {
    let mtu = file.integer("mtu") ?? flags.integer("mtu") ?? 1500
    guard (68...65535).contains(mtu) else {
      throw ClassifiedError(.invalid, "must be from 68 to 65535: \(mtu)", object: "mtu")
    }
    return Int(mtu)
  }

  private func hostGateway() throws -> IPAddress? {
    let name = "host-gateway-ip"
    let given = (file.text(name).map { [$0] } ?? []) + (file.list("host-gateway-ips") ?? []) + flags.strings(name)
    guard given.count < 2 else {
      throw ClassifiedError(.unsupported, "more than one address is not supported yet", object: name)
    }
    return try given.first.map { text in
      guard let address = IPAddress(text) else { throw invalid(name, text) }
      return address
    }
  }

  private func addressPools() throws -> [NetworkingConfiguration.AddressPool] {
    let name = "default-address-pool"
    let given: [(text: String, base: String?, size: String?)]
    if let items = file.array("default-address-pools") {
      given = items.map { item in
        let size: String? = if case .number(let digits)? = item["size"] { digits } else { nil }
        return (item.compact, item["base"]?.stringValue, size)
      }
    } else {
      given = flags.strings(name).map { text in
        let parts = text.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        func part(_ key: String) -> String? { parts.first { $0.count == 2 && $0[0] == key }?[1] }
        return (text, parts.count == 2 ? part("base") : nil, part("size"))
      }
    }
    return try given.map { text, base, size in
      guard let base = base.flatMap({ IPPrefix($0) }), let size = size.flatMap({ Int($0) }) else {
        throw invalid(name, text)
      }
      return try NetworkingConfiguration.AddressPool(base, size: size)
    }
  }

  private func driverOptions() throws -> [String: [String: String]] {
    let name = "default-network-opt"
    var options: [String: [String: String]] = [:]
    for text in flags.strings(name) {
      let parts = text.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty else { throw invalid(name, text) }
      options[parts[0], default: [:]][parts[1]] = parts[2]
    }
    for driver in file.members("default-network-opts") {
      guard case .object(let members) = driver.value else { continue }
      for member in members { options[driver.name, default: [:]][member.name] = member.value.stringValue }
    }
    return options
  }
}
