import ContainerNetwork
import Diagnostics
import EngineAPI
import FoundationEssentials
import LinuxKernel
import Logging
import NIOCore
import NIOPosix
import NameService
import NetworkAddresses
import StateStore
import Synchronization

/// The networks: which there are, who is in them, and the machine's links and filter that make it so.
///
/// Questions are answered from memory. Changes run one after the other on a thread of their own, which alone enters
/// network namespaces.
final class Networks: Sendable {
  let table = Mutex(NetworkTable())
  let host: NetworkHost
  let claims = PortClaims()
  let names = NameService()
  let database: Database
  let pools: SubnetPools
  let watch: NetworkWatch
  /// Where ports are relayed.
  let loops: any EventLoopGroup
  let configuration: NetworkingConfiguration
  private let thread = NIOThreadPool(numberOfThreads: 1)
  private let layout: EngineLayout
  let logger: Logger

  init(_ configuration: EngineConfiguration, _ layout: EngineLayout, _ database: Database, identity: String) {
    (self.database, self.layout, logger) = (database, layout, configuration.logger)
    host = NetworkHost(configuration)
    loops = configuration.eventLoops
    watch = NetworkWatch(on: configuration.eventLoops.next(), thread, configuration.logger)
    let digits = identity.filter(\.isHexDigit)
    let bytes = stride(from: 0, to: min(10, digits.count), by: 2).compactMap { place in
      UInt8(digits.dropFirst(place).prefix(2), radix: 16)
    }
    self.configuration = configuration.networking
    pools = .configured(configuration.networking.addressPools, identity: bytes)
    thread.start()
  }

  /// Runs a change when all changes before it are done.
  func change<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await thread.runIfActive(body)
  }

  /// The same, begun at once; what else there is to do is done meanwhile.
  func beginChange<Result: Sendable>(
    on loop: any EventLoop, _ body: @escaping @Sendable () throws -> Result
  ) -> EventLoopFuture<Result> {
    thread.runIfActive(eventLoop: loop, body)
  }

  /// The network with this id, name or beginning of an id. Throws: `notFound`, `invalid`.
  func find(_ text: String) throws(ClassifiedError) -> NetworkDefinition {
    try table.withLock { table throws(ClassifiedError) in try table.find(text) }
  }

  /// What a container has of its networks now; nil when it does not run, or is in none.
  func grant(of container: ContainerID) -> NetworkGrant? {
    record(of: container).flatMap { $0.limitedCgroup == nil ? $0 : nil }
  }

  /// The same, or the limit of one in the machine's own network.
  func record(of container: ContainerID) -> NetworkGrant? { table.withLock { $0.grants[container] } }

  /// The ids of networks by their names.
  var idsByName: [String: String] {
    table.withLock { table in
      Dictionary(table.all.map { ($0.name, $0.id) }) { first, _ in first }
    }
  }

  // MARK: From one server to the next

  /// Reads what there is. Blocking.
  func load() throws {
    var records: [NetworkDefinition] = []
    for record in try database.networks() {
      do {
        records.append(NetworkDefinition(shown: try EngineJSON.decode(Network.self, from: record.configuration)))
      } catch {
        logger.error("network \(record.name) cannot be read: \(explanation(of: error))")
      }
    }
    for (name, driver) in NetworkDefinition.predefined where !records.contains(where: { $0.name == name }) {
      let new = NetworkDefinition.predefined(name, driver, id: randomHexadecimal(words: 4), created: Timestamp.now)
      try save(new)
      records.append(new)
    }
    for definition in try rebuilt(besides: records) + records {
      do {
        try table.withLock { table throws(ClassifiedError) in try table.put(definition) }
      } catch {
        logger.error("network \(definition.name): \(explanation(of: error))")
      }
    }
  }

  /// Networks that only their files tell of, since the database was lost.
  private func rebuilt(besides records: [NetworkDefinition]) throws -> [NetworkDefinition] {
    guard try HostFiles.exists(layout.networks) else { return [] }
    var found: [NetworkDefinition] = []
    for name in try HostFiles.list(layout.networks) where name.hasSuffix(".json") {
      do {
        let shown = try EngineJSON.decode(Network.self, from: try HostFiles.read("\(layout.networks)/\(name)"))
        guard !records.contains(where: { $0.id == shown.id || $0.name == shown.name }) else { continue }
        let definition = NetworkDefinition(shown: shown)
        try save(definition)
        found.append(definition)
      } catch {
        logger.error("network file \(name) cannot be read: \(explanation(of: error))")
      }
    }
    return found
  }

  /// Takes up what containers had when the last server ended. Blocking.
  func loadGrants() throws {
    for record in try database.grants() {
      guard let id = ContainerID(record.container),
        let grant = try? EngineJSON.decode(NetworkGrant.self, from: record.grant)
      else {
        logger.error("the grant of container \(record.container) cannot be read, and is forgotten")
        try database.remove(grantOf: record.container)
        continue
      }
      table.withLock { $0.keep(grant, of: id, takingAddresses: true) }
    }
  }

  /// Forgets the grants of containers that do not run any more, and brings the machine to what the others have. Blocking.
  func settle(running: Set<ContainerID>) throws {
    for id in table.withLock({ $0.grants.keys }) where !running.contains(id) { _ = leave(id) }
    let grants = table.withLock { $0.grants }
    // All names are known before the first question, which has waited for this server, is answered.
    for (id, grant) in grants { publishNames(of: id, grant) }
    for (id, grant) in grants {
      for port in grant.publishedPorts { reclaim(port, for: id) }
      do {
        try beginNames(of: id, grant)
      } catch {
        logger.error("container \(id): it finds nobody by name until it is started again: \(explanation(of: error))")
      }
    }
    try configureDefaultNetwork()
    let isIdle = table.withLock { $0.hasNoCables }
    do {
      try removeUnusedParents()
      settleSockets()
      if isIdle { return try host.remove(besides: socketLimiters) }
      try install()
      try layMissingCables()
    } catch {
      // Containers without a network of their own run all the same; the others hear of it when they start.
      logger.warning("networks: \(explanation(of: error))")
    }
  }

  /// Claims a port again that the container has already.
  func reclaim(_ port: PublishedPort, for container: ContainerID) {
    let plan = PublishedPortPlan(
      transport: port.transport, containerPort: port.containerPort, hostPorts: port.hostPort...port.hostPort)
    do {
      let claim = try PortClaims.claim(plan, at: port.hostAddress, for: port.containerAddress) { _, _, _ in false }
      claims.keep([claim], for: container)
      try claim.relay(port, on: loops, logger)
    } catch {
      logger.warning("container \(container): \(explanation(of: error))")
    }
  }

  /// Brings the machine to what the table says. On the thread of changes.
  func install() throws {
    let (grants, definitions) = table.withLock { table in (Array(table.grants.values), table.byID) }
    let used = Set(grants.flatMap(\.cabled).map(\.network))
    try host.install(
      used.compactMap { definitions[$0]?.definition }, grants, grants.compactMap(limitedCables), besides: socketLimiters
    )
    watchOver()
  }

  /// Ends this server's part. Where no container is in a network, nothing of them stays on the machine.
  func shutdown() async {
    watch.end()
    do {
      try await change { [self] in
        if table.withLock({ $0.hasNoCables }), host.isInstalled { try host.remove(besides: socketLimiters) }
        try removeUnusedParents()
      }
      try await thread.shutdownGracefully()
      try await names.shutdown()
    } catch {
      logger.error("networks: \(explanation(of: error))")
    }
  }

  // MARK: Records

  /// Writes a network down: its file, from which a lost database is rebuilt, then its row.
  func save(_ definition: NetworkDefinition) throws {
    let bytes = EngineJSON.encode(definition.shown)
    try HostFiles.makeDirectories(layout.networks, permissions: 0o700)
    try HostFiles.replace(layout.network(definition.id), with: bytes, permissions: 0o600)
    let created = Timestamp(rfc3339: definition.shown.created)?.nanoseconds ?? 0
    try database.save(
      NetworkRecord(id: definition.id, name: definition.name, created: created, configuration: Data(bytes)))
  }

  func forget(_ definition: NetworkDefinition) throws {
    try database.remove(network: definition.id)
    try Converge.removeRecord(layout.network(definition.id))
  }

  func save(_ grant: NetworkGrant, of container: ContainerID) throws {
    try database.save(GrantRecord(container: container.text, grant: Data(EngineJSON.encode(grant))))
  }
}
