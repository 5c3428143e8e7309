import ContainerNetwork
import Diagnostics
import LinuxKernel
import Logging
import NetworkAddresses
import Synchronization

/// What is to change in the networks of a container that runs.
private struct ConnectionChange {
  let container: ContainerID
  let before: NetworkGrant
  var after: NetworkGrant
  /// Places that it has not yet, with their networks.
  var coming: [(NetworkGrant.Endpoint, NetworkDefinition)] = []
  /// What the container is told of it.
  var files = FileChanges()

  var leaving: [NetworkGrant.Endpoint] {
    before.endpoints.filter { endpoint in !after.endpoints.contains { $0.id == endpoint.id } }
  }

  /// All that is there at some time on the way: what a later server has to know of.
  var union: NetworkGrant {
    var union = after
    union.endpoints += leaving
    union.isChanging = true
    return union
  }

  var ports: PortChange { PortChange(container: container, before: before, after: after) }
}

/// Containers that come into networks and leave them while they run. All calls are on the thread of changes.
extension Networks {
  /// Brings what a running container has to what a plan says: cables are laid and taken away, its way out goes by the
  /// first of its networks that has one, what it publishes leads there, and its files say so. On failure all is as before.
  ///
  /// Throws: as a start.
  ///
  /// - Parameter sandboxKey: The path to the container's network, asked for if it has been in none so far.
  func bring(
    _ called: ContainerNames, to plan: NetworkPlan, _ files: BundleWriter, sandboxKey: @autoclosure () throws -> String
  ) throws {
    let before = try grant(of: called.id) ?? NetworkGrant(in: try sandboxKey())
    var change = ConnectionChange(container: called.id, before: before, after: before)
    let sandbox = try NetworkSandbox(at: before.sandboxKey)
    do {
      try placeAll(called, plan, &change)
      guard !change.coming.isEmpty || !change.leaving.isEmpty || before.isChanging else {
        return try changeServers(of: called.id, to: plan.nameServers)
      }
      change.after.isChanging = false
      change.after.resolver = try resolver(of: change.after, plan)
      try change.after.checkLimit()
      try movePorts(plan.ports, &change)
      try carryOut(&change, sandbox, files)
    } catch {
      undo(&change, sandbox)
      throw error
    }
  }

  /// Finds its places, in the order of the plan; those in networks that it is in already stay.
  private func placeAll(_ called: ContainerNames, _ plan: NetworkPlan, _ change: inout ConnectionChange) throws {
    let before = change.before.endpoints
    var taken = Set(before.map(\.ordinal))
    change.after.endpoints = []
    for attachment in plan.attachments {
      let network = try find(attachment.network)
      if let present = before.first(where: { $0.network == network.id }) {
        change.after.endpoints.append(present)
        continue
      }
      let ordinal = (0...taken.count).first { !taken.contains($0) } ?? taken.count
      taken.insert(ordinal)
      let endpoint = try place(
        called, in: try withSubnets(attachment.network), attachment.settings, ordinal: ordinal,
        besides: (before + change.after.endpoints).map(\.interfaceName))
      change.coming.append((endpoint, network))
      change.after.endpoints.append(endpoint)
    }
    chooseGateways(&change.after, plan.attachments)
    // With the gateways that they have now.
    change.coming = try change.after.endpoints.filter { endpoint in
      change.coming.contains { $0.0.id == endpoint.id }
    }.map { ($0, try find($0.network)) }
  }

  /// Has what is published lead to the network that is the container's way out now.
  private func movePorts(_ plan: [PublishedPortPlan], _ change: inout ConnectionChange) throws {
    let targets = change.after.published
    guard !targets.isEmpty else { return change.after.ports = [] }
    let before = change.before.published
    if before.isEmpty { return try claimPorts(plan, for: change.container, &change.after) }
    guard before != targets else { return }
    change.after.ports = change.before.ports.compactMap { $0.moved(to: targets) }
    try claimMissingPorts(plan, for: change.container, &change.after)
  }

  private func carryOut(_ change: inout ConnectionChange, _ sandbox: NetworkSandbox, _ files: BundleWriter) throws {
    let (container, before, after) = (change.container, change.before, change.after)
    try keep(change.union, of: container)
    try FailPoint.networkChangeAfterRecord.pass()
    try connect(change.coming, [], sandbox, limiter(of: after))
    // The server before may not have come so far.
    if before.isChanging { try connectMissing(after.endpoints, of: after, sandbox) }
    if before.waysOut != after.waysOut || before.isChanging { try sandbox.lead(by: after.waysOut) }
    let ports = change.ports
    try tell(ports.added, removing: ports.removed)
    try claims.relay(ports.added.compactMap(\.published), of: container, on: loops, logger)
    var resolverChanged = try changeNames(of: container, from: before, to: after, sandbox)
    if before.isChanging {
      try leadNames(after, sandbox)
      resolverChanged = true
    }
    try FailPoint.networkChangeAfterConnect.pass()
    let joining = Joining(grant: after, hostGateway: hostGateway(of: after), resolverChanged: resolverChanged)
    try write(files, joining, &change.files)
    try FailPoint.networkChangeAfterFiles.pass()
    try pull(change.leaving, sandbox)
    if !before.ports.isEmpty {
      host.forgetConnections(answeredBy: Set(change.leaving.flatMap(\.addresses).map(\.address)))
    }
    try keep(after, of: container)
    claims.release(ports.released.compactMap(\.published), of: container)
    table.withLock { table in
      for endpoint in change.leaving { table.release(endpoint.addresses, in: endpoint.network) }
    }
  }

  private func write(_ files: BundleWriter, _ joining: Joining, _ changes: inout FileChanges) throws {
    do {
      try files.rewriteFiles(joining, &changes)
    } catch {
      throw ClassifiedError(
        .system, "its networks stay as they are, since its files cannot be written: \(explanation(of: error))",
        object: "container \(files.name)",
        advice: "make room on the disk, or make the file writable, then try again")
    }
  }

  /// Makes those of its interfaces that are not there.
  private func connectMissing(
    _ endpoints: [NetworkGrant.Endpoint], of grant: NetworkGrant, _ sandbox: NetworkSandbox
  ) throws {
    for endpoint in endpoints {
      let isThere =
        endpoint.isCabled
        ? try host.missing([endpoint.link]).isEmpty : try sandbox.has(endpoint.interface(mtu: nil).name)
      if !isThere { try connect([(endpoint, try find(endpoint.network))], [], sandbox, limiter(of: grant)) }
    }
  }

  private func pull(_ endpoints: [NetworkGrant.Endpoint], _ sandbox: NetworkSandbox) throws {
    try host.unplug(endpoints.map(\.link).filter { !$0.isEmpty })
    for endpoint in endpoints where !endpoint.isCabled { try sandbox.remove(endpoint.interface(mtu: nil).name) }
  }

  /// As far as it goes: what cannot be put back is said.
  private func undo(_ change: inout ConnectionChange, _ sandbox: NetworkSandbox) {
    let (container, before) = (change.container, change.before)
    let leaving = change.leaving
    func attempt(_ step: () throws -> Void) {
      do {
        try step()
      } catch {
        logger.error("container \(container): its networks are not what they were: \(explanation(of: error))")
      }
    }
    let isBegun = grant(of: container) != before
    claims.release(change.ports.claimed.compactMap(\.published), of: container)
    attempt { try change.files.putBack() }
    if isBegun {
      attempt { _ = try changeNames(of: container, from: change.after, to: before, sandbox) }
      let coming = change.coming.map(\.0)
      attempt { try host.unplug(coming.map(\.link).filter { !$0.isEmpty }) }
      for endpoint in coming where !endpoint.isCabled {
        // It may not have come so far.
        try? sandbox.remove(endpoint.interface(mtu: nil).name)
      }
      attempt { try connectMissing(leaving, of: before, sandbox) }
      if before.waysOut != change.after.waysOut { attempt { try sandbox.lead(by: before.waysOut) } }
      attempt { try keep(before, of: container) }
      attempt { try tell(change.ports.removed, removing: change.ports.added) }
      attempt {
        try claims.relay(change.ports.removed.compactMap(\.published), of: container, on: loops, logger)
      }
    }
    table.withLock { table in
      for (endpoint, _) in change.coming { table.release(endpoint.addresses, in: endpoint.network) }
    }
  }

  func keep(_ grant: NetworkGrant, of container: ContainerID) throws {
    try save(grant, of: container)
    table.withLock { $0.keep(grant, of: container) }
  }
}

extension PortChange {
  /// Ports of this machine that are the container's no longer, or that are newly so; others lead to another place only.
  fileprivate var released: [NetworkGrant.Port] {
    removed.filter { port in !after.ports.contains { $0.isSamePlace(port) } }
  }
  fileprivate var claimed: [NetworkGrant.Port] {
    added.filter { port in !before.ports.contains { $0.isSamePlace(port) } }
  }
}

extension NetworkGrant {
  /// Of a container that is in no network.
  fileprivate init(in sandboxKey: String) {
    self.init()
    self.sandboxKey = sandboxKey
  }

  /// The interfaces by which it reaches what is in none of its networks, and the routers there.
  fileprivate var waysOut: [NetworkSandbox.WayOut] {
    endpoints.flatMap { endpoint in
      endpoint.gateways.map { NetworkSandbox.WayOut(interface: endpoint.interface(mtu: nil).name, gateway: $0) }
    }
  }
}

extension NetworkGrant.Port {
  fileprivate func isSamePlace(_ other: NetworkGrant.Port) -> Bool {
    (transport, hostAddress, hostPort) == (other.transport, other.hostAddress, other.hostPort)
  }

  /// Nil where the container cannot be reached from the port's address.
  fileprivate func moved(to addresses: [IPAddress]) -> NetworkGrant.Port? {
    guard let host = IPAddress(hostAddress) else { return nil }
    guard let target = addresses.first(where: { $0.family == host.family }) ?? addresses.first,
      target.family == host.family || host.family == .version6
    else { return nil }
    var port = self
    port.containerAddress = "\(target)"
    return port
  }
}
