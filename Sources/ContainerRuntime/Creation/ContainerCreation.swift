import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// Makes a container: the creating process's half of it. Init's half is `ContainerInit`; what the two say to each
/// other is drawn at `InitMessage`.
public struct ContainerCreation {
  /// When the container's program runs.
  public enum Start: Sendable {
    /// When `start` is called.
    case later
    case atOnce
  }

  private let id: String
  private let plan: ContainerPlan
  private let options: CreationOptions
  private let start: Start
  private let directory: StateDirectory
  private let cgroup: ContainerCgroup

  private init(
    _ id: String, _ bundle: Bundle, _ options: CreationOptions, _ start: Start, _ settings: RuntimeSettings
  ) throws {
    self.id = id
    self.options = options
    self.start = start
    plan = try ContainerPlan(bundle)
    directory = try StateDirectory(root: settings.root, id: id)
    cgroup = try ContainerCgroup(plan.linux, id: id, settings: settings)
    try checkRootfs()
    try checkTerminal()
    try PreservedDescriptors.check(options.preservedDescriptors)
  }

  /// Makes the container `id` from a bundle. When it fails, nothing of it is left.
  ///
  /// Throws: `conflict` when there is a container of this id; `invalid` and `unsupported` for the configuration;
  /// `notFound` and `forbidden` for its program.
  public static func create(
    _ id: String, bundle: Bundle, options: CreationOptions = CreationOptions(), start: Start = .later,
    settings: RuntimeSettings
  ) throws -> Container {
    let creation = try ContainerCreation(id, bundle, options, start, settings)
    creation.plan.process.warn(settings.warn)
    try creation.directory.make()
    var progress = Progress()
    do {
      return try creation.create(&progress)
    } catch {
      throw creation.undo(progress, after: error)
    }
  }

  /// How far a creation has come: what there is to undo when it fails.
  private struct Progress {
    var hasMadeCgroup = false
    /// From here on hooks may have run.
    var hasInit = false
  }

  /// Takes away what this creation has made, and nothing else. What cannot be taken away leaves the state directory,
  /// so that `delete --force` finds it.
  private func undo(_ progress: Progress, after error: any Error) -> any Error {
    var failures: [any Error] = []
    do {
      if progress.hasMadeCgroup {
        try cgroup.cgroup.killAll()
        try cgroup.cgroup.delete()
      }
      try directory.remove()
    } catch {
      failures.append(error)
    }
    if progress.hasInit {
      let state = State(id: id, status: .stopped, bundle: plan.bundle.path, annotations: plan.spec.annotations)
      failures += HookRunner(point: "poststop", state: state).runAll(plan.hooks.poststop)
    }
    if failures.isEmpty { return error }
    let words = ([error] + failures).map { explanation(of: $0) }.joined(separator: "; ")
    return ClassifiedError(errorKind(of: error), words)
  }

  /// The recipe.
  private func create(_ progress: inout Progress) throws -> Container {
    let isNewCgroup = try cgroup.isNew()
    try directory.keep(cgroup.path)
    try cgroup.prepare(isNew: isNewCgroup)
    progress.hasMadeCgroup = isNewCgroup
    let (gate, consoleSocket) = (try makeGate(), try openConsoleSocket())
    let joined = try plan.namespaces.joined.map { namespace in
      (namespace.kind, SharedDescriptor(try HostFiles.open(namespace.path, .readOnly)))
    }
    let bindSources = try BindSource.prepare(plan)
    if !plan.namespaces.joinsUsers { try plan.namespaces.prepareChildren(joined) }

    let sockets = try SocketPair(packets: true)
    let ours = sockets.first
    let theirs = sockets.second
    var cloneOptions = Clone.Options()
    if !plan.namespaces.joinsUsers { cloneOptions.namespaces = plan.namespaces.madeByClone }
    progress.hasInit = true
    let side = try cgroup.clone(cloneOptions)
    switch consume side {
    case .child:
      try? ours.close()
      ContainerInit(
        plan: plan, id: id, options: options, cgroup: cgroup, joined: joined, bindSources: bindSources,
        consoleSocket: consoleSocket, gate: gate, channel: InitChannel(socket: theirs)
      ).run()
    case .parent(let process):
      try theirs.close()
      return try accompany(process, InitChannel(socket: ours))
    }
  }

  /// Stays with init until it is where it has to be, or gone.
  private func accompany(_ process: borrowing PidFD, _ channel: consuming InitChannel) throws -> Container {
    do {
      return try converse(process, channel)
    } catch {
      end(process)
      throw error
    }
  }

  /// Init ends by itself once it has said what went wrong; its number must be free when `create` returns.
  private func end(_ process: borrowing PidFD) {
    try? process.send(.kill)
    _ = try? process.wait()
  }

  /// What there is to do for init while it sets itself up, in the order of `InitMessage`.
  private func converse(_ process: borrowing PidFD, _ channel: borrowing InitChannel) throws -> Container {
    try cgroup.make(plan.linux.resources)
    try channel.send(.proceed)
    guard plan.namespaces.joinsUsers else { return try converse(withInit: process, channel) }
    let pid = try channel.expectMove()
    _ = try process.wait()
    let moved = try PidFD(pid)
    do {
      return try converse(withInit: moved, channel)
    } catch {
      end(moved)
      throw error
    }
  }

  private func converse(
    withInit process: borrowing PidFD, _ channel: borrowing InitChannel
  ) throws -> Container {
    if plan.namespaces.isNew(.user) {
      try UserNamespaceMapping.setUsers(plan.namespaces.userMappings, of: process.pid)
      try UserNamespaceMapping.setGroups(plan.namespaces.groupMappings, of: process.pid)
    }
    if plan.namespaces.has(.user) {
      try raiseLimits(of: process.pid)
      try channel.send(.proceed)
    }
    if let profile = plan.linux.seccomp {
      let filter = try FilterLoader.compile(profile)
      try channel.send(.filter(filter))
      try directory.keep(filter)
    }
    let container = try record(process)
    if plan.waitsForRuntimeHooks {
      try channel.expect(.ready)
      try run("prestart", plan.hooks.prestart, .creating, process.pid)
      try run("createRuntime", plan.hooks.createRuntime, .creating, process.pid)
      try channel.send(.proceed)
    }
    switch start {
    case .later: try channel.expect(.created)
    case .atOnce:
      try channel.expectExecution()
      try run("poststart", plan.hooks.poststart, .running, process.pid)
    }
    if let pidFile = options.pidFile { try PidFile.write(process.pid, to: pidFile) }
    return container
  }

  // MARK: Steps

  private func checkRootfs() throws {
    guard let kind = try? HostFiles.status(plan.rootfs).kind, kind == .directory else {
      throw ClassifiedError(.notFound, "rootfs (\(plan.rootfs)) does not exist, or is not a directory")
    }
  }

  private func checkTerminal() throws {
    if plan.process.terminal, options.console == nil, case .later = start {
      throw ClassifiedError(.invalid, "cannot allocate tty if runc will detach without setting console socket")
    }
    if !plan.process.terminal, options.console != nil {
      throw ClassifiedError(.invalid, "cannot use console socket if runc will not detach or allocate tty")
    }
  }

  private func makeGate() throws -> ContainerInit.Gate {
    guard case .later = start else { return .none }
    try HostFiles.makeFIFO(directory.fifoPath, permissions: 0o622)
    // Init opens it as the container's user, who may be anybody. Set, because what mkfifo makes is less the umask.
    try HostFiles.setPermissions(directory.fifoPath, 0o622)
    return .fifo(SharedDescriptor(try HostFiles.open(directory.fifoPath, [.pathOnly, .noFollow])))
  }

  private func openConsoleSocket() throws -> SharedDescriptor? {
    try options.console?.open()
  }

  /// Init has no right to raise anything above the caller's own limits in its user namespace.
  private func raiseLimits(of pid: Int32) throws {
    try Limits.apply(plan.process.limits, pid: pid)
    if let score = plan.process.outOfMemoryScore { try ProcessControl.setOutOfMemoryScore(score, of: "\(pid)") }
  }

  private func record(_ process: borrowing PidFD) throws -> Container {
    guard let entry = try ProcessEntry.read(process.pid) else {
      throw ClassifiedError(.unavailable, "the container's init ended before it was ready")
    }
    var record = ContainerRecord(
      id: id, pid: process.pid, startTime: entry.startTime, bundle: plan.bundle.path, rootfs: plan.rootfs,
      created: Timestamp.now(), cgroupPath: cgroup.path.description, annotations: plan.spec.annotations)
    record.namespaces = plan.linux.namespaces
    record.personality = plan.linux.personality
    record.appArmorProfile = plan.process.appArmorProfile
    record.limits = plan.spec.process?.rlimits ?? []
    record.noNewPrivileges = plan.process.noNewPrivileges
    record.hasFilter = plan.linux.seccomp != nil
    record.hasStopHooks = !plan.hooks.poststop.isEmpty
    try directory.keep(plan.bundle.configuration)
    try directory.write(record)
    return Container(directory: directory, record: record, cgroup: cgroup)
  }

  private func run(_ point: String, _ hooks: [Hook], _ status: State.Status, _ pid: Int32) throws {
    if hooks.isEmpty { return }
    let state = State(
      id: id, status: status, pid: Int(pid), bundle: plan.bundle.path, annotations: plan.spec.annotations)
    try HookRunner(point: point, state: state).run(hooks)
  }
}

/// The descriptors that a program inherits beside the standard three.
enum PreservedDescriptors {
  /// Each must be the caller's. A number that is free could become one of the runtime's own, which lead out of the
  /// container.
  static func check(_ count: Int32) throws {
    for number in 3..<(3 + count) where !ProcessControl.isInherited(number) {
      throw ClassifiedError(
        .invalid, "--preserve-fds \(count): descriptor \(number) is not open", advice: "pass it, or preserve fewer")
    }
  }
}

/// A file that tells others the number of a process.
enum PidFile {
  static func write(_ pid: Int32, to path: String) throws {
    try HostFiles.replace(path, with: Array("\(pid)".utf8))
  }
}
