import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses

/// A change of a container's published ports: what is taken back, then what comes besides.
struct PortEdit: Sendable {
  /// One thing that is taken back.
  enum Removal: Sendable, Equatable {
    /// A port of this machine; nil: at all addresses.
    case host(IPAddress?, UInt16, TransportProtocol)
    /// All that lead to one of the container's ports.
    case container(UInt16, TransportProtocol)
  }

  var removals: [Removal] = []
  /// In the order of the container's ports.
  var additions: [(name: String, binding: PortBinding)] = []
  var plans: [PublishedPortPlan] = []

  /// Nil when the request changes no ports.
  ///
  /// Throws: `invalid` for malformed ports and addresses, `unsupported` as for a new container.
  init?(_ request: ContainerUpdateRequest) throws(ClassifiedError) {
    for text in request.publishRemove ?? [] { removals.append(try Self.removal(text)) }
    for (name, wanted) in (request.publishAdd ?? [:]).sorted(by: { $0.key < $1.key }) {
      let port = try PublishedPortPlan.containerPort(name)
      let canonical = "\(port.number)/\(port.transport.rawValue)"
      try require(wanted?.isEmpty == false, "invalid port specification: no binding for \(name)")
      additions += (wanted ?? []).map { (canonical, $0) }
    }
    guard !removals.isEmpty || !additions.isEmpty else { return nil }
    var host = HostConfig()
    host.portBindings = Dictionary(grouping: additions, by: \.name).mapValues { $0.map(\.binding) }
    plans = try PublishedPortPlan.plan(host, exposed: [])
  }

  /// Reads `0.0.0.0:8080/tcp`, `[::]:8080/udp`, `:8080`, `80/tcp`.
  private static func removal(_ text: String) throws(ClassifiedError) -> Removal {
    guard let colon = text.lastIndex(of: ":") else {
      let port = try PublishedPortPlan.containerPort(text)
      return .container(port.number, port.transport)
    }
    let port = try PublishedPortPlan.containerPort(String(text[text.index(after: colon)...]))
    var address = text[..<colon]
    if address.isEmpty { return .host(nil, port.number, port.transport) }
    if address.hasPrefix("["), address.hasSuffix("]") { address = address.dropFirst().dropLast() }
    guard let parsed = IPAddress(String(address)) else {
      throw ClassifiedError(.invalid, "invalid host IP address: \(address)")
    }
    return .host(parsed.unmapped, port.number, port.transport)
  }

  /// What the edit has to know of the container beside its configuration.
  struct Present: Sendable {
    /// What is published now; nil: the container does not run.
    var granted: [NetworkGrant.Port]?
    /// The address of this machine for what names none.
    var defaultAddress = IPAddress.unspecified(.version4)
    /// Whether what names no address is published at those of IPv6, too.
    var hasVersion6 = false
  }

  /// Which of the ports of a running container are taken back.
  func removed(from granted: [NetworkGrant.Port]) -> [NetworkGrant.Port] {
    granted.filter { port in removals.contains { $0.covers(port) } }
  }

  /// Makes the edit to a configuration.
  ///
  /// Throws: `notFound` for a removal of what is not published, `conflict` for ports of this machine that would be
  /// published twice.
  func apply(to host: inout HostConfig, exposed: [String], _ present: Present) throws(ClassifiedError) {
    var table = BindingTable(host, present)
    for removal in removals { try table.remove(removal, exposed: exposed) }
    for (name, binding) in additions { try table.add(name, binding, exposed: exposed) }
    (host.portBindings, host.publishAllPorts) = (table.bindings, table.publishesAll)
  }
}

extension PortEdit.Removal {
  func covers(_ port: NetworkGrant.Port) -> Bool {
    switch self {
    case .container(let number, let transport):
      port.containerPort == number && port.transport == transport.rawValue
    case .host(let address, let number, let transport):
      port.hostPort == number && port.transport == transport.rawValue
        && (address == nil || IPAddress(port.hostAddress) == address)
    }
  }

  /// As the user writes it.
  var text: String {
    switch self {
    case .container(let number, let transport): "\(number)/\(transport.rawValue)"
    case .host(let address, let number, let transport):
      (address.map { $0.family == .version4 ? "\($0)" : "[\($0)]" } ?? "") + ":\(number)/\(transport.rawValue)"
    }
  }
}
