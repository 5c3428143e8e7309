import ContainerNetwork
import Diagnostics
import LinuxNetwork
import NetworkAddresses
import Synchronization

/// At which of this machine's addresses a container's port is published.
extension Networks {
  /// How many of the ports that the kernel proposes are tried, when each is free for one family only.
  private static let mostProposals = 16

  /// Claims a port at all addresses of this machine: of both families, where it has both. A container without IPv6 is
  /// reached by it through a relay.
  func claimEverywhere(
    _ plan: PublishedPortPlan, _ endpoint: NetworkGrant.Endpoint, for container: ContainerID
  ) throws -> [NetworkGrant.Port] {
    let targets = endpoint.addresses.map(\.address)
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
    _ plan: PublishedPortPlan, at address: IPAddress, _ endpoint: NetworkGrant.Endpoint, for container: ContainerID
  ) throws -> [NetworkGrant.Port] {
    let targets = endpoint.addresses.map(\.address)
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
        table.withLock { $0.owner(of: transport, address, port) }
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
