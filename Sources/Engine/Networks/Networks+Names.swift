import ContainerNetwork
import Diagnostics
import EngineAPI
import LinuxKernel
import Logging
import NameService
import NetworkAddresses
import Synchronization

/// Containers that find each other by name. All calls are on the thread of changes.
extension Networks {
  /// What a container's resolver is told; nil: it needs none.
  func resolver(of grant: NetworkGrant, _ plan: NetworkPlan) throws -> NetworkGrant.Resolver? {
    let isNamed = grant.endpoints.contains { !$0.names.isEmpty }
    let machine = try MachineFiles.resolver()
    guard isNamed || plan.needsResolver(ofMachine: machine) else { return nil }
    var resolver = NetworkGrant.Resolver()
    resolver.servers = plan.nameServers
    for (attachment, endpoint) in zip(plan.attachments, grant.endpoints) {
      for link in attachment.links { resolver.links[link.alias] = "\(endpoint.network)/\(link.target)" }
    }
    let host = plan.addressesOfHost(hostGateway(of: grant))
    if !host.isEmpty { resolver.hosts[NetworkPlan.hostName] = host }
    resolver.keepsSingleLabels = plan.keepsSingleLabels(ofMachine: machine)
    return resolver
  }

  /// Makes known what a container is called, and begins to answer it.
  ///
  /// - Parameter sandbox: Its network; nil for one that runs since before.
  ///
  /// Throws: `unsupported` when the kernel cannot lead questions to us.
  func beginNames(of container: ContainerID, _ grant: NetworkGrant, _ sandbox: NetworkSandbox? = nil) throws {
    publishNames(of: container, grant)
    guard grant.resolver != nil else { return }
    let sockets = try sandbox?.names ?? heldSockets(grant)
    do throws(SystemError) {
      try sandbox?.leadNames(to: sockets)
    } catch {
      throw ClassifiedError(
        .unsupported, "nf_tables: \(error.explanation)", object: "resolver",
        advice: "names of containers need a kernel with nf_tables")
    }
    try names.serve(
      container.text, scope(of: grant), datagrams: sockets.datagrams.descriptor.duplicate(),
      connections: sockets.connections.descriptor.duplicate())
  }

  /// Leads a container's questions to its resolver, if it has one; once more is no matter.
  func leadNames(_ grant: NetworkGrant, _ sandbox: NetworkSandbox) throws {
    if grant.resolver != nil { try sandbox.leadNames(to: heldSockets(grant)) }
  }

  /// What a shim keeps for us.
  private func heldSockets(_ grant: NetworkGrant) throws -> NameSockets {
    guard let shim = grant.sandboxHolder else {
      throw ClassifiedError(.system, "nobody holds the resolver's sockets", object: grant.sandboxKey)
    }
    let numbers = NameSockets.shimDescriptors
    return try NameSockets(heldBy: shim, datagrams: numbers.datagrams, connections: numbers.connections)
  }

  /// Makes known what a container is called.
  func publishNames(of container: ContainerID, _ grant: NetworkGrant) {
    let networks = table.withLock { table in grant.endpoints.map { table.byID[$0.network]?.definition.name ?? $0.name }
    }
    names.changeNames { directory in
      for (endpoint, network) in zip(grant.endpoints, networks) where !endpoint.names.isEmpty {
        directory.put(
          NameDirectory.Member(names: endpoint.names, addresses: endpoint.addresses.map(\.address)), id: container.text,
          in: endpoint.network, named: network)
      }
    }
  }

  /// Takes back what a container is called in the networks of a grant, and answers it no more.
  func endNames(of container: ContainerID, _ grant: NetworkGrant) {
    withdrawNames(of: container, grant.endpoints)
    if grant.resolver != nil { names.end(container.text) }
  }

  private func withdrawNames(of container: ContainerID, _ endpoints: [NetworkGrant.Endpoint]) {
    names.changeNames { directory in
      for endpoint in endpoints { directory.remove(container.text, from: endpoint.network) }
    }
  }

  /// Brings names to what a changed grant says. Whether the container's way to its resolver is another now.
  func changeNames(
    of container: ContainerID, from before: NetworkGrant, to grant: NetworkGrant,
    _ sandbox: @autoclosure () throws -> NetworkSandbox
  ) throws -> Bool {
    let kept = Set(grant.endpoints.map(\.network))
    withdrawNames(of: container, before.endpoints.filter { !kept.contains($0.network) })
    switch (before.resolver, grant.resolver) {
    case (nil, nil): return false
    case (nil, _?):
      publishNames(of: container, grant)
      let sockets = try heldSockets(grant)
      try sandbox().leadNames(to: sockets)
      try beginNames(of: container, grant)
      return true
    case (_?, nil):
      names.end(container.text)
      return true
    case (_?, _?):
      publishNames(of: container, grant)
      names.change(scope(of: grant), of: container.text)
      return false
    }
  }

  /// Has a container's resolver, if it has one, ask these servers from now on.
  func changeServers(of container: ContainerID, to servers: [String]) throws {
    guard var grant = grant(of: container), grant.resolver != nil, grant.resolver?.servers != servers else { return }
    grant.resolver?.servers = servers
    try keep(grant, of: container)
    names.change(scope(of: grant), of: container.text)
  }

  /// Others find a container by its new name from now on.
  func rename(_ container: ContainerID, to name: String) throws {
    guard var grant = grant(of: container), grant.endpoints.contains(where: { !$0.names.isEmpty }) else { return }
    for index in grant.endpoints.indices where !grant.endpoints[index].names.isEmpty {
      let others = grant.endpoints[index].names.dropFirst().filter { $0 != name }
      grant.endpoints[index].names = [name] + others
    }
    try save(grant, of: container)
    let renamed = grant
    table.withLock { $0.keep(renamed, of: container) }
    publishNames(of: container, renamed)
  }

  private func scope(of grant: NetworkGrant) -> ResolverScope {
    let isInternal = table.withLock { table in
      grant.endpoints.allSatisfy { table.byID[$0.network]?.definition.shown.isInternal ?? false }
    }
    let resolver = grant.resolver ?? NetworkGrant.Resolver()
    // A resolver that asks itself gets no further.
    let servers = resolver.servers.compactMap { IPAddress($0) }.filter { $0 != NameSockets.address }
    return ResolverScope(
      networks: grant.endpoints.filter { !$0.names.isEmpty }.map(\.network), links: links(of: resolver),
      hosts: resolver.hosts.mapValues { $0.compactMap { IPAddress($0) } },
      // From the container's own network nothing goes where its packets would not.
      upstream: !resolver.servers.isEmpty ? .servers(servers) : isInternal ? .nobody : .machine,
      keepsSingleLabels: resolver.keepsSingleLabels)
  }

  private func links(of resolver: NetworkGrant.Resolver) -> [String: ResolverScope.Link] {
    resolver.links.reduce(into: [:]) { links, entry in
      let parts = entry.value.split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { return }
      links[entry.key.lowercased()] = ResolverScope.Link(network: parts[0], name: parts[1])
    }
  }
}

/// Files of this machine that say what others are called.
enum MachineFiles {
  /// `/etc/resolv.conf`; empty when there is none. Blocking.
  static func resolver() throws -> String { try text("/etc/resolv.conf") }
  /// `/etc/hosts`; empty when there is none. Blocking.
  static func hosts() throws -> String { try text("/etc/hosts") }

  private static func text(_ path: String) throws -> String {
    String(decoding: try HostFiles.readIfPresent(path) ?? [], as: UTF8.self)
  }
}
