import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// A container that exists, and what can be done with it.
public struct Container: Sendable {
  let directory: StateDirectory
  public let record: ContainerRecord
  /// Known already to whoever has made the container.
  private let knownCgroup: ContainerCgroup?

  init(directory: StateDirectory, record: ContainerRecord, cgroup: ContainerCgroup? = nil) {
    self.directory = directory
    self.record = record
    knownCgroup = cgroup
  }

  /// The container's cgroup; nil when it has none of its own.
  private func cgroup() throws -> (any Cgroup)? {
    try (knownCgroup ?? ContainerCgroup(record))?.cgroup
  }

  /// Throws: `notFound` when there is no container of this id, `invalid` for an id that cannot be one.
  public static func load(_ id: String, settings: RuntimeSettings) throws -> Container {
    let directory = try StateDirectory(root: settings.root, id: id)
    return Container(directory: directory, record: try directory.readRecord())
  }

  /// All containers; those whose record cannot be read, for instance because they are just being made, are left out.
  public static func all(settings: RuntimeSettings) throws -> [Container] {
    try StateDirectory.identifiers(in: settings.root).compactMap { try? load($0, settings: settings) }
  }

  // MARK: State

  public func status() throws -> State.Status {
    guard try isAlive() else { return .stopped }
    if try HostFiles.exists(directory.fifoPath) { return .created }
    if try cgroup()?.isFrozen() == true { return .paused }
    return .running
  }

  public func report() throws -> ContainerReport {
    let owner = try HostFiles.status(directory.path).user
    return ContainerReport(record, status: try status(), owner: owner == 0 ? "root" : "#\(owner)")
  }

  /// The configuration as it was at `create`.
  func configuration() throws -> Spec { try directory.readConfiguration() }

  /// The container's own process, which `exec` by command line starts from.
  public func processTemplate() throws -> Process {
    guard let process = try configuration().process else {
      throw ClassifiedError(.invalid, "the container has no process", object: record.id)
    }
    return process
  }

  /// A process for this container, with the container's own bounds where it names none: what its document leaves out
  /// must not be more than the container has.
  public func completing(_ process: Process) throws -> Process {
    var process = process
    if process.capabilities == nil { process.capabilities = try processTemplate().capabilities }
    if process.apparmorProfile.isEmpty { process.apparmorProfile = record.appArmorProfile }
    if process.rlimits.isEmpty { process.rlimits = record.limits }
    if record.noNewPrivileges { process.noNewPrivileges = true }
    return process
  }

  private func isAlive() throws -> Bool {
    guard let entry = try ProcessEntry.read(record.pid) else { return false }
    return entry.startTime == record.startTime && entry.isAlive
  }

  /// Init, when it lives: the number may belong to somebody else by now, so its start time is compared.
  func openInit() throws -> PidFD? {
    do throws(SystemError) {
      let process = try PidFD(record.pid)
      guard let entry = try ProcessEntry.read(record.pid), entry.startTime == record.startTime, entry.isAlive else {
        return nil
      }
      return process
    } catch {
      if error.errno == 3 { return nil }
      throw error
    }
  }

  // MARK: Commands

  /// Lets the program run, and waits until it does.
  ///
  /// Throws: `conflict` when the container is not in the state created; what init says when it cannot execute.
  public func start() throws {
    let status = try status()
    guard status == .created else {
      throw ClassifiedError(.conflict, "cannot start a container that has \(status.pastTense)")
    }
    // Opening does not wait for a writer that has died meanwhile; reading waits for one that lives.
    let fifo = try HostFiles.open(directory.fifoPath, [.readOnly, .nonblocking])
    try waitForWriter(fifo)
    try fifo.setNonblocking(false)
    let answer = try fifo.readAll()
    guard answer.first == UInt8(ascii: "0") else {
      throw ClassifiedError(.conflict, "cannot start an already running container")
    }
    try HostFiles.remove(directory.fifoPath)
    guard answer.count == 1 else {
      throw ClassifiedError(.system, String(decoding: answer.dropFirst(), as: UTF8.self))
    }
    let hooks = try configuration().hooks?.poststart ?? []
    do {
      try HookRunner(point: "poststart", state: state(.running)).run(hooks)
    } catch {
      // The hook's error is the one to report; a container that has ended meanwhile needs no end.
      try? kill(.kill)
      throw error
    }
  }

  private func waitForWriter(_ fifo: borrowing Descriptor) throws {
    while try fifo.poll(.readable, milliseconds: 100).isEmpty {
      guard try isAlive() else {
        throw ClassifiedError(.unavailable, "cannot start a container that has stopped")
      }
    }
  }

  /// Sends a signal to init, or to all processes of the container. SIGKILL reaches all of them in any case: where init
  /// is the first process of a pid namespace, the kernel sees to that.
  ///
  /// Throws: `conflict` when the container does not run.
  public func kill(_ signal: Signal, allProcesses: Bool = false) throws {
    if allProcesses, let cgroup = try cgroup() {
      return try signal == .kill ? cgroup.killAll() : cgroup.send(signal)
    }
    guard let process = try openInit() else { throw ClassifiedError(.conflict, "container not running") }
    if signal == .kill, !hasOwnProcessNumbers, let cgroup = try cgroup() { return try cgroup.killAll() }
    try process.send(signal)
    // A stopped process meets its death only when it goes on.
    if signal == .kill, let cgroup = try cgroup(), try cgroup.isFrozen() { try cgroup.thaw() }
  }

  /// Removes what `create` made, and runs the poststop hooks. What went wrong with these is returned.
  ///
  /// Throws: `conflict` when the container runs, unless `force`, which kills it first.
  public func delete(force: Bool = false) throws -> [any Error] {
    let cgroup = try cgroup()
    if let process = try openInit() {
      let status = try status()
      guard force || status == .stopped else {
        throw ClassifiedError(
          .conflict, "cannot delete container \(record.id) that is not stopped: \(status.rawValue)")
      }
      try process.send(.kill)
      try cgroup?.killAll()
      guard try process.waitForEnd(milliseconds: 10_000) else {
        throw ClassifiedError(.unavailable, "init of the container does not end", object: record.id)
      }
    }
    if let cgroup {
      // Without a pid namespace of their own the other processes outlive init. With one, whoever is here now is a
      // stranger, who came when the container had ended.
      if !hasOwnProcessNumbers, try cgroup.exists() { try cgroup.killAll() }
      try cgroup.delete()
    }
    let hooks = record.hasStopHooks == false ? [] : (try? configuration())?.hooks?.poststop ?? []
    try directory.remove()
    return HookRunner(point: "poststop", state: state(.stopped)).runAll(hooks)
  }

  /// Whether the kernel ends all other processes of the container with its init.
  private var hasOwnProcessNumbers: Bool {
    record.namespaces.contains { $0.type == .pid && $0.path.isEmpty }
  }

  /// Removes the cgroup and the directory of a container whose creation ended half-way, if there is one.
  public static func removeRemains(_ id: String, settings: RuntimeSettings) throws {
    let directory = try StateDirectory(root: settings.root, id: id)
    guard try HostFiles.exists(directory.path) else { return }
    if let path = try directory.readCgroup() {
      let cgroup = try ContainerCgroup(path: path).cgroup
      try cgroup.killAll()
      try cgroup.delete()
    }
    try directory.remove()
  }

  /// Stops all processes where they are.
  public func pause() throws {
    guard [.running, .created].contains(try status()) else {
      throw ClassifiedError(.conflict, "container not running or created: \(try status().rawValue)")
    }
    try requireCgroup().freeze()
  }

  /// Lets them go on.
  public func resume() throws {
    guard try status() == .paused else { throw ClassifiedError(.conflict, "container not paused") }
    try requireCgroup().thaw()
  }

  /// Changes limits. Rules about devices are the creation's: callers hand the whole of a container's resources over
  /// again, without what the runtime has added to the rules, and runc passes them over too.
  public func update(_ resources: LinuxResources) throws {
    guard try status() != .stopped else { throw ClassifiedError(.conflict, "container not running") }
    var limits = resources
    limits.devices = []
    try requireCgroup().apply(limits)
  }

  /// The numbers of all processes, in the runtime's pid namespace.
  public func processes() throws -> [Int32] { try requireCgroup().processes() }

  public func statistics() throws -> CgroupStatistics {
    guard try status() != .stopped else { throw ClassifiedError(.conflict, "container not running") }
    return try requireCgroup().statistics()
  }

  private func requireCgroup() throws -> any Cgroup {
    guard let cgroup = try cgroup() else {
      throw ClassifiedError(.unsupported, "the container has no cgroup of its own", object: record.id)
    }
    return cgroup
  }

  private func state(_ status: State.Status) -> State {
    State(
      id: record.id, status: status, pid: status == .stopped ? nil : Int(record.pid), bundle: record.bundle,
      annotations: record.annotations)
  }
}

extension State.Status {
  fileprivate var pastTense: String {
    switch self {
    case .stopped: "stopped"
    case .creating: "not been created yet"
    case .created, .running, .paused: "already been started"
    }
  }
}
