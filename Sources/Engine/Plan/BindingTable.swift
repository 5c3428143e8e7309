import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses

/// The port bindings of a configuration while they are edited.
struct BindingTable {
  private(set) var bindings: PortMap
  private(set) var publishesAll: Bool
  private let present: PortEdit.Present
  /// What is still published, as the removals go on.
  private var granted: [NetworkGrant.Port]

  init(_ host: HostConfig, _ present: PortEdit.Present) {
    bindings = host.portBindings ?? [:]
    publishesAll = host.publishAllPorts
    self.present = present
    granted = present.granted ?? []
  }

  // MARK: Taking back

  mutating func remove(_ removal: PortEdit.Removal, exposed: [String]) throws(ClassifiedError) {
    var isPublished = false
    while let port = granted.first(where: removal.covers) {
      isPublished = true
      spellOut(port, exposed)
      granted.removeAll { $0 == port }
      drop(port)
    }
    // What is not published now, but would be by the next start.
    if let number = removal.wholeContainerPort {
      isPublished = removeAll(number, removal.transport, exposed) || isPublished
    } else if present.granted?.isEmpty != false {
      isPublished = removeUnpublished(removal) || isPublished
    }
    guard isPublished else { throw ClassifiedError(.notFound, "port \(removal.text) is not published") }
  }

  /// What is published because all is gets bindings of its own, so that one of them can go: each to any free port, as
  /// before.
  private mutating func spellOut(_ port: NetworkGrant.Port, _ exposed: [String]) {
    let isBound = bindings.contains { name, wanted in
      Self.leads(name, to: port.containerPort, port.transport) && wanted?.isEmpty == false
    }
    if publishesAll, !isBound { spellOut(exposed) }
  }

  private mutating func spellOut(_ exposed: [String]) {
    for name in exposed where bindings[name]??.isEmpty != false { bindings[name] = [PortBinding()] }
    publishesAll = false
  }

  /// Takes away the binding that has led to a published port, or leaves of it the other address family.
  private mutating func drop(_ port: NetworkGrant.Port) {
    guard let address = IPAddress(port.hostAddress),
      let name = bindings.keys.sorted().first(where: { Self.leads($0, to: port.containerPort, port.transport) }),
      var wanted = bindings[name] ?? nil
    else { return }
    let candidates = wanted.indices.filter {
      covers(wanted[$0], address) && wanted[$0].range?.contains(port.hostPort) != false
    }
    // One port alone says the most, any port the least.
    guard let index = candidates.min(by: { wanted[$0].width < wanted[$1].width }) else { return }
    let other = address.family == .version4 ? IPAddress.unspecified(.version6) : .unspecified(.version4)
    let hasTwin = granted.contains { twin in
      twin.transport == port.transport && twin.containerPort == port.containerPort && twin.hostPort == port.hostPort
        && IPAddress(twin.hostAddress) == other
    }
    if wanted[index].hostIP.isEmpty, address.isUnspecified, hasTwin {
      wanted[index].hostIP = "\(other)"
    } else {
      wanted.remove(at: index)
    }
    bindings[name] = wanted.isEmpty ? nil : .some(wanted)
  }

  /// Takes away all that lead to one port of the container; whether there was any.
  private mutating func removeAll(_ number: UInt16, _ transport: TransportProtocol, _ exposed: [String]) -> Bool {
    if publishesAll, exposed.contains(where: { Self.leads($0, to: number, transport.rawValue) }) { spellOut(exposed) }
    let names = bindings.filter { name, wanted in
      Self.leads(name, to: number, transport.rawValue) && wanted?.isEmpty == false
    }.keys
    for name in names { bindings[name] = nil }
    return !names.isEmpty
  }

  /// Without ports that are published now, only a binding that names the same ports of this machine can be meant.
  private mutating func removeUnpublished(_ removal: PortEdit.Removal) -> Bool {
    let address = removal.address
    var isFound = false
    for (name, list) in bindings {
      guard let port = try? PublishedPortPlan.containerPort(name), port.transport == removal.transport,
        removal.containerPort.map({ $0 == port.number }) != false, let list
      else { continue }
      var left: [PortBinding] = []
      for var binding in list {
        guard removal.hostPorts.map({ ports in binding.range.map(ports.contains) == true }) != false,
          address.map({ covers(binding, $0) }) != false
        else {
          left.append(binding)
          continue
        }
        isFound = true
        guard let address, address.isUnspecified, binding.hostIP.isEmpty, present.hasVersion6 else { continue }
        binding.hostIP = address.family == .version4 ? "::" : "0.0.0.0"
        left.append(binding)
      }
      bindings[name] = left.isEmpty && !list.isEmpty ? nil : .some(left)
    }
    return isFound
  }

  /// Whether a binding publishes at an address of this machine.
  private func covers(_ binding: PortBinding, _ address: IPAddress) -> Bool {
    if let own = binding.address { return own == address }
    return address == present.defaultAddress
      || (address == .unspecified(.version6) && present.defaultAddress.isUnspecified)
  }

  private static func leads(_ name: String, to number: UInt16, _ transport: String) -> Bool {
    guard let port = try? PublishedPortPlan.containerPort(name) else { return false }
    return port.number == number && port.transport.rawValue == transport
  }

  // MARK: Adding

  mutating func add(_ name: String, _ binding: PortBinding, exposed: [String]) throws(ClassifiedError) {
    let port = try PublishedPortPlan.containerPort(name)
    for (other, wanted) in bindings where (try? PublishedPortPlan.containerPort(other))?.transport == port.transport {
      for taken in wanted ?? [] where clash(taken, binding) {
        throw ClassifiedError(
          .conflict, "Bind for \(place(of: binding)) failed: port is already allocated", advice: "take it back first")
      }
    }
    // A port that is published because all are keeps the free port that it has, or would get.
    let isExposed = exposed.contains { Self.leads($0, to: port.number, port.transport.rawValue) }
    if publishesAll, isExposed, bindings[name]??.isEmpty != false { bindings[name] = [PortBinding()] }
    bindings[name] = ((bindings[name] ?? nil) ?? []) + [binding]
  }

  /// Whether two bindings name the same single port of this machine, at addresses that meet.
  private func clash(_ one: PortBinding, _ other: PortBinding) -> Bool {
    guard let range = one.range, range.count == 1, range == other.range else { return false }
    return addresses(of: one).contains { first in
      addresses(of: other).contains { second in
        first.family == second.family && (first == second || first.isUnspecified || second.isUnspecified)
      }
    }
  }

  private func addresses(of binding: PortBinding) -> [IPAddress] {
    if let own = binding.address { return [own] }
    let address = present.defaultAddress
    return address.isUnspecified ? [.unspecified(.version4), .unspecified(.version6)] : [address]
  }

  private func place(of binding: PortBinding) -> String {
    let address = binding.address ?? present.defaultAddress
    return address.family == .version4 ? "\(address):\(binding.hostPort)" : "[\(address)]:\(binding.hostPort)"
  }
}

extension PortBinding {
  /// Nil: none was said.
  fileprivate var address: IPAddress? { IPAddress(hostIP)?.unmapped }

  /// The ports of this machine to choose from; nil: any.
  fileprivate var range: ClosedRange<UInt16>? {
    let ends = hostPort.split(separator: "-").compactMap { UInt16($0) }
    guard let first = ends.first, let last = ends.last, first > 0, first <= last else { return nil }
    return first...last
  }

  fileprivate var width: Int { range.map(\.count) ?? Int.max }
}
