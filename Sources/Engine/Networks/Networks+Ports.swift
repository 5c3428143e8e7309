import ContainerNetwork
import Diagnostics
import LinuxNetwork
import NetworkAddresses
import Synchronization

/// At which of this machine's addresses a container's port is published.
extension Networks {
  /// How many of the ports that the kernel proposes are tried, when each is free for one family only.
  private static let mostProposals = 16

  /// The address of this machine that a port is published at, where one is meant.
  func hostAddress(of plan: PublishedPortPlan, _ grant: NetworkGrant) -> IPAddress {
    if let asked = plan.hostAddress { return asked }
    let binding = table.withLock { table in
      grant.publishers.first.flatMap { table.byID[$0.network]?.definition.hostBinding }
    }
    let address = binding ?? .unspecified(.version4)
    return address.isUnspecified && !grant.canPublish(.version4) ? .unspecified(.version6) : address
  }

  /// Claims what `plans` ask for and a grant lacks, since the networks before could not have it. What these cannot have
  /// either is left out.
  func claimMissingPorts(
    _ plans: [PublishedPortPlan], for container: ContainerID, _ grant: inout NetworkGrant
  ) throws {
    var rest = grant.ports
    // Those that name an address come first, since others might be taken for theirs.
    for plan in plans.filter({ $0.hostAddress != nil }) + plans.filter({ $0.hostAddress == nil }) {
      let address = hostAddress(of: plan, grant)
      guard address.family == .version6 || grant.canPublish(.version4) else { continue }
      guard let present = rest.first(where: plan.isMet) else {
        try claimPorts([plan], for: container, &grant)
        continue
      }
      let all = rest.filter { plan.isMet(by: $0) && $0.hostPort == present.hostPort }
      rest.removeAll { all.contains($0) }
      // At all addresses, and so far at those of IPv6 only.
      guard plan.hostAddress == nil, address == .unspecified(.version4),
        all.map(\.hostAddress) == ["\(IPAddress.unspecified(.version6))"]
      else { continue }
      var same = plan
      same.hostPorts = present.hostPort...present.hostPort
      let place = grant.ports.firstIndex(of: present) ?? grant.ports.endIndex
      grant.ports.insert(contentsOf: try claim(same, at: address, grant.published, for: container), at: place)
    }
  }

  /// Claims a port at all addresses of this machine: of both families, where it has both. A container without IPv6 is
  /// reached by it through a relay.
  func claimEverywhere(
    _ plan: PublishedPortPlan, _ targets: [IPAddress], for container: ContainerID
  ) throws -> [NetworkGrant.Port] {
    guard let target4 = targets.first(where: { $0.family == .version4 }) else { return [] }
    let target6 = targets.first { $0.family == .version6 }
    let all4 = IPAddress.unspecified(.version4)
    guard target6 != nil || PortRelay.isAble(plan.transport), HostNetwork.hasVersion6 else {
      return try keep([take(plan, at: all4, for: target4, container)], for: container)
    }
    var rest = plan
    var proposals = 0
    while true {
      let first = try take(rest, at: all4, for: target4, container)
      var same = plan
      same.hostPorts = first.claim.port...first.claim.port
      do {
        let second = try take(same, at: .unspecified(.version6), for: target6 ?? target4, container)
        return try keep([first, second], for: container)
      } catch {
        // Another program has this one in IPv6.
        proposals += 1
        if let wanted = plan.hostPorts {
          guard first.claim.port < wanted.upperBound else { throw error }
          rest.hostPorts = (first.claim.port + 1)...wanted.upperBound
        } else if proposals == Self.mostProposals {
          throw error
        }
      }
    }
  }

  /// Claims a port at one address.
  func claim(
    _ plan: PublishedPortPlan, at address: IPAddress, _ targets: [IPAddress], for container: ContainerID
  ) throws -> [NetworkGrant.Port] {
    var target = targets.first { $0.family == address.family }
    if address.family == .version6 {
      guard HostNetwork.hasVersion6 else {
        throw ClassifiedError(
          .unavailable, "a port cannot be published at \(address), since IPv6 is switched off on this machine",
          advice: "publish it at an address of IPv4, or set net.ipv6.conf.all.disable_ipv6 to 0")
      }
      if PortRelay.isAble(plan.transport) { target = target ?? targets.first }
      if plan.transport == .sctp, address == .loopback(.version6) { target = nil }
    }
    guard let target else {
      throw ClassifiedError(
        .unsupported, "a port cannot be published at \(address), since the container has no such address",
        advice: "use a network with IPv6")
    }
    return try keep([take(plan, at: address, for: target, container)], for: container)
  }

  /// Takes a port of this machine, in Docker's words if it cannot be had.
  private func take(
    _ plan: PublishedPortPlan, at address: IPAddress, for target: IPAddress, _ container: ContainerID
  ) throws -> (claim: PortClaims.Claim, port: NetworkGrant.Port) {
    do {
      let claim = try PortClaims.claim(plan, at: address, for: target) { transport, address, port in
        // Also by another of its own plans: these are not in the table yet.
        table.withLock { $0.owner(of: transport, address, port) } != nil
          || claims.has(transport, address, port, for: container)
      }
      var port = NetworkGrant.Port()
      port.transport = plan.transport.rawValue
      (port.hostAddress, port.hostPort) = ("\(address)", claim.port)
      (port.containerAddress, port.containerPort) = ("\(target)", plan.containerPort)
      return (claim, port)
    } catch {
      let name = "\(container)"
      throw ClassifiedError(
        .system,
        "driver failed programming external connectivity on endpoint \(name.prefix(12)): \(explanation(of: error))")
    }
  }

  private func keep(
    _ taken: [(claim: PortClaims.Claim, port: NetworkGrant.Port)], for container: ContainerID
  ) throws -> [NetworkGrant.Port] {
    claims.keep(taken.map(\.claim), for: container)
    for (claim, port) in taken {
      if let published = port.published { try claim.relay(published, on: loops, logger) }
    }
    return taken.map(\.port)
  }
}

extension NetworkGrant {
  /// The places that what is published leads to: of each family the one in a bridge that is the way out. What is on a
  /// parent has addresses of its own on the wire, and nothing of it is published here.
  var publishers: [Endpoint] { [IPAddress.Family.version4, .version6].compactMap(publisher) }

  private func publisher(_ family: IPAddress.Family) -> Endpoint? {
    cabled.first { $0.gateways.contains { $0.family == family } }
  }

  /// The addresses that what is published leads to, at most one of each family.
  var published: [IPAddress] {
    [IPAddress.Family.version4, .version6].compactMap { family in
      publisher(family)?.addresses.map(\.address).first { $0.family == family }
    }
  }

  func canPublish(_ family: IPAddress.Family) -> Bool { published.contains { $0.family == family } }
}

extension PublishedPortPlan {
  /// Whether a port is one that is asked for.
  fileprivate func isMet(by port: NetworkGrant.Port) -> Bool {
    port.transport == transport.rawValue && port.containerPort == containerPort
      && (hostAddress == nil || IPAddress(port.hostAddress) == hostAddress)
      && hostPorts?.contains(port.hostPort) != false
  }
}
