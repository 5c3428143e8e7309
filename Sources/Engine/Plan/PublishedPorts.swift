import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses

/// A port of a container that is to be reached from outside.
struct PublishedPortPlan: Sendable, Equatable {
  var transport: TransportProtocol
  var containerPort: UInt16
  /// Nil: the network's default.
  var hostAddress: IPAddress?
  /// The host's ports to choose from, the first free one; nil: any.
  var hostPorts: ClosedRange<UInt16>?
}

extension PublishedPortPlan {
  /// What `PortBindings`, `PublishAllPorts` and `ExposedPorts` ask for, in the order of the container's ports.
  ///
  /// Throws: `invalid` for malformed ports, ranges and addresses.
  static func plan(_ host: HostConfig, exposed: [String]) throws(ClassifiedError) -> [PublishedPortPlan] {
    var plans: [PublishedPortPlan] = []
    let bindings = host.portBindings ?? [:]
    for (name, wanted) in bindings.sorted(by: { $0.key < $1.key }) {
      let port = try containerPort(name)
      for binding in wanted ?? [] { plans.append(try plan(port, binding)) }
    }
    guard host.publishAllPorts else { return plans }
    for name in exposed where bindings[name]??.isEmpty != false {
      let port = try containerPort(name)
      plans.append(PublishedPortPlan(transport: port.transport, containerPort: port.number))
    }
    return plans
  }

  private static func plan(
    _ port: (transport: TransportProtocol, number: UInt16), _ binding: PortBinding
  ) throws(ClassifiedError) -> PublishedPortPlan {
    var plan = PublishedPortPlan(transport: port.transport, containerPort: port.number)
    if !binding.hostIP.isEmpty {
      guard let address = IPAddress(binding.hostIP) else {
        throw ClassifiedError(.invalid, "invalid host IP address: \(binding.hostIP)")
      }
      plan.hostAddress = address.unmapped
    }
    plan.hostPorts = try hostPorts(binding.hostPort)
    return plan
  }

  /// Reads `8080`, `8080-8090`; nil for any port, which is written as nothing or 0.
  static func hostPorts(_ text: String) throws(ClassifiedError) -> ClosedRange<UInt16>? {
    if text.isEmpty || text == "0" { return nil }
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { UInt16($0) }
    guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last, first > 0 else {
      throw ClassifiedError(.invalid, "invalid port specification: \"\(text)\"")
    }
    return first...last
  }

  /// Reads `80/tcp`.
  static func containerPort(
    _ text: String
  ) throws(ClassifiedError) -> (transport: TransportProtocol, number: UInt16) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let transport = parts.count == 2 ? TransportProtocol(rawValue: parts[1].lowercased()) : .tcp
    guard let number = UInt16(parts[0]), number > 0, let transport else {
      throw ClassifiedError(.invalid, "invalid port specification: \"\(text)\"")
    }
    return (transport, number)
  }
}
