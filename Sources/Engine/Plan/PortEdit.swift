import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses

/// A change of a container's published ports: what is taken back, then what comes besides.
struct PortEdit: Sendable {
  /// What is taken back: all that is published as said.
  struct Removal: Sendable, Equatable {
    var transport = TransportProtocol.tcp
    /// Nil: at all addresses of this machine.
    var address: IPAddress?
    /// A port of this machine, or a range that one was to be chosen from; nil: any.
    var hostPorts: ClosedRange<UInt16>?
    /// Nil: whichever of the container's it leads to.
    var containerPort: UInt16?
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

  /// Reads `80/tcp`, `0.0.0.0:8080/tcp`, `[::]:8080/udp`, `:8080`, and what says both: `8080:80`, `[::1]:8080:80/tcp`,
  /// `127.0.0.1::80`, `:8080-8090:80`.
  private static func removal(_ text: String) throws(ClassifiedError) -> Removal {
    var removal = Removal()
    let colon = text.lastIndex(of: ":")
    let port = try PublishedPortPlan.containerPort(colon.map { String(text[text.index(after: $0)...]) } ?? text)
    removal.transport = port.transport
    guard let colon else {
      removal.containerPort = port.number
      return removal
    }
    let host = text[..<colon]
    if host.isEmpty || address(host) != nil {
      (removal.address, removal.hostPorts) = (address(host), port.number...port.number)
      return removal
    }
    removal.containerPort = port.number
    let end = host.lastIndex(of: ":")
    let place = host[..<(end ?? host.startIndex)]
    removal.address = address(place)
    try require(place.isEmpty || removal.address != nil, "invalid host IP address: \(place)")
    removal.hostPorts = try PublishedPortPlan.hostPorts(String(end.map { host[host.index(after: $0)...] } ?? host))
    return removal
  }

  /// Nil: it is none.
  private static func address(_ text: Substring) -> IPAddress? {
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    return IPAddress(String(isBracketed ? text.dropFirst().dropLast() : text))?.unmapped
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
    port.transport == transport.rawValue && containerPort.map { $0 == port.containerPort } != false
      && hostPorts?.contains(port.hostPort) != false
      && (address == nil || IPAddress(port.hostAddress) == address)
  }

  /// Whether all that lead to one of the container's ports are meant; the port.
  var wholeContainerPort: UInt16? { address == nil && hostPorts == nil ? containerPort : nil }

  /// As the user writes it.
  var text: String {
    if let wholeContainerPort { return "\(wholeContainerPort)/\(transport.rawValue)" }
    let place = address.map { $0.family == .version4 ? "\($0)" : "[\($0)]" } ?? ""
    let host = hostPorts.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" } ?? ""
    return "\(place):\(host)" + (containerPort.map { ":\($0)" } ?? "") + "/\(transport.rawValue)"
  }
}
