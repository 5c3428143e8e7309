import Diagnostics
import EngineAPI
import ImageStore
import LinuxKernel
import Logging
import NIOCore
import NIOPosix
import RegistryClient
import StateStore
import Synchronization

/// The container engine: what the doors ask. This file only puts it together; each concern is an extension in its
/// own folder.
public final class Engine: Sendable {
  public let configuration: EngineConfiguration
  let layout: EngineLayout
  let facts: HostFacts
  /// A name of this engine's own, made once.
  let identity: String
  let surroundings: ContainerPlan.Surroundings
  /// For calls that block; the cooperative pool is for those that do not.
  let threads: NIOThreadPool
  let images: ImageStore
  let registry: RegistryClient
  let containers = ContainerTable()
  let execs = ExecTable()
  let records: ContainerRecords
  let events = EventHistory()
  let cgroups: ContainerCgroups
  let convergence: Converge
  let networks: Networks
  let shims: ShimSpawn
  let reaper: ShimReaper
  let background: Background
  let logWatcher: LogWatcher
  private let runs = Atomic<UInt64>(0)
  /// Where a damaged database was moved to at this start.
  let damagedDatabase: String?
  /// Whether the database lacks containers that their files tell of.
  let needsRebuild: Bool

  var logger: Logger { configuration.logger }

  /// Opens the stores and gets ready; no container is looked at before `start`.
  ///
  /// Throws: `notFound` for missing programs, `unavailable` when another server holds the data root or no cgroups are
  /// mounted, `unsupported` for a database of a newer version.
  public init(_ configuration: EngineConfiguration) async throws {
    self.configuration = configuration
    let layout = EngineLayout(dataRoot: configuration.dataRoot, execRoot: configuration.execRoot)
    self.layout = layout
    threads = NIOThreadPool(numberOfThreads: 4)
    threads.start()
    let opened = try await threads.runIfActive { try Foundations(configuration, layout) }
    (facts, identity, cgroups, shims) = (opened.facts, opened.identity, opened.cgroups, opened.shims)
    surroundings = opened.surroundings
    damagedDatabase = opened.database.damagedCopy
    needsRebuild = opened.database.isIncomplete
    records = ContainerRecords(
      database: opened.database.database, layout: layout, threads: threads, boot: opened.boot)
    convergence = Converge(layout: layout, cgroups: cgroups)
    let networks = Networks(configuration, layout, opened.database.database, identity: opened.identity)
    self.networks = networks
    try await networks.change { try networks.load() }
    background = Background(on: LoopExecutor(configuration.eventLoops.next()))
    reaper = ShimReaper(on: configuration.eventLoops.next())
    logWatcher = try await LogWatcher(on: configuration.eventLoops)
    images = try await ImageStore.open(
      ImageStoreConfiguration(dataRoot: configuration.dataRoot), database: opened.database.database,
      rebuild: opened.database.isIncomplete, logger: configuration.logger)
    registry = RegistryClient(
      configuration: configuration.registry, group: configuration.eventLoops, logger: configuration.logger)
  }

  /// Takes up the containers again that are on disk, running or not. Afterwards the doors may open.
  public func start() async throws {
    if let damagedDatabase {
      logger.warning("the database was damaged; it was moved to \(damagedDatabase) and is rebuilt")
    }
    try await recover()
    collectImageGarbage()
  }

  /// Removes, in the background, what no image and no container needs any more.
  func collectImageGarbage() {
    background.start(.awaited) { [self] in
      do {
        try await images.collectGarbage { [self] in imageUses() }
      } catch {
        logger.error("layers and blobs that nobody needs cannot be removed: \(explanation(of: error))")
      }
    }
  }

  /// Ends the server's part. Containers run on: their shims wait for the next server. Where none does, the cgroup of
  /// all of them goes.
  public func shutdown() async {
    shims.dropSpare()
    for container in containers.all { container.closeInbox() }
    await background.end()
    await networks.shutdown()
    do {
      let database = records.database
      try await threads.runIfActive { try database.close() }
      try await logWatcher.close()
      let (cgroups, parent) = (cgroups, configuration.cgroupParent)
      try await threads.runIfActive { try cgroups.removeIfEmpty(parent) }
      try await threads.shutdownGracefully()
    } catch {
      logger.error("shutdown: \(explanation(of: error))")
    }
  }

  /// Has a shim ready for the next start, once the one under way needs the processors no more.
  func prepareNextShim() {
    configuration.eventLoops.next().scheduleTask(in: .milliseconds(50)) { [threads, shims] in
      threads.submit { state in
        if state == .active { shims.prepareSpare() }
      }
    }
  }

  func nextRunToken() -> ContainerCommand.RunToken {
    ContainerCommand.RunToken(number: runs.add(1, ordering: .relaxed).newValue)
  }

  /// What a container's configuration means.
  ///
  /// Throws: `invalid`, `unsupported`.
  func plan(_ configuration: StoredConfiguration, id: ContainerID) throws(ClassifiedError) -> ContainerPlan {
    var plan = try ContainerPlan(configuration, id: id, in: surroundings, owner: networkOwner(configuration))
    plan.network.callNetworks { try? networks.find($0).name }
    return plan
  }

  /// The same for a container that was made before: it is shown, stopped and read although it could not be made on this
  /// machine any more, since a processor or a privilege has gone.
  func settledPlan(of container: Container) throws(ClassifiedError) -> ContainerPlan {
    var able = surroundings.refusingNothing
    able.knownCapabilities = Capability.all.map(\.description)
    let owner = networkOwner(container.configuration)
    var plan = try ContainerPlan(container.configuration, id: container.id, in: able, owner: owner)
    plan.network.callNetworks { try? networks.find($0).name }
    return plan
  }

  /// The same for an exec, which gets no capability that this machine does not give.
  func execPlan(of container: Container) throws(ClassifiedError) -> ContainerPlan {
    try ContainerPlan(
      container.configuration, id: container.id, in: surroundings.refusingNothing,
      owner: networkOwner(container.configuration))
  }

  /// Whose network a container shares, which is called as that one is. Nil: it shares none, or of one that is gone.
  private func networkOwner(_ configuration: StoredConfiguration) -> NamespacesPlan.Owner? {
    let parts = configuration.request.hostConfig.networkMode.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, parts[0] == "container", let other = try? containers.find(parts[1]) else { return nil }
    // Who shares names one that was there before, so that this comes to an end.
    if let owner = networkOwner(other.configuration) { return owner }
    let request = other.configuration.request
    let named = try? NamespacesPlan.plan(
      request.config, request.hostConfig, id: other.id, hostname: surroundings.machineName)
    return named.map { NamespacesPlan.Owner(id: other.id, hostname: $0.hostname, domainname: $0.domainname) }
  }
}
