import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec
import SeccompFilter

/// Adds a process to a container that exists.
public struct ContainerExec {
  private let container: Container
  private let plan: ProcessPlan
  private let options: ExecOptions

  /// Starts `process` in the container's namespaces and cgroup, with the container's system call filter. Returns its
  /// number, once its program runs; it is a child of the caller.
  ///
  /// Throws: `conflict` when the container does not run; `notFound` and `forbidden` for the program.
  public static func start(
    _ process: Process, in container: Container, options: ExecOptions = ExecOptions()
  ) throws -> Int32 {
    let exec = ContainerExec(container: container, plan: try ProcessPlan(process), options: options)
    exec.plan.warn(options.warn)
    return try exec.start(affinity: process.execCPUAffinity)
  }

  private func start(affinity: CPUAffinity?) throws -> Int32 {
    try checkState()
    guard let initProcess = try container.openInit() else { throw Self.stopped }
    let record = container.record
    let filter = record.hasFilter ? try container.directory.readFilter() : nil
    var cgroup = try ContainerCgroup(container.record)?.below(options.cgroup)
    let console = try options.console?.open()
    let kinds = NamespaceKinds(record.namespaces.map(\.type.kernelKind))
    let hasUsers = kinds.contains(.user)
    // What later children get, so it is set before the child exists; the caller stays where it is.
    if kinds.contains(.pid) { try Namespace.enter(initProcess, .pid) }

    let sockets = try SocketPair(packets: true)
    let ours = sockets.first
    let theirs = sockets.second
    let side = try clone(into: &cgroup)
    switch consume side {
    case .child:
      try? ours.close()
      ExecInit(
        plan: plan, options: options, cgroup: cgroup, initProcess: initProcess, kinds: kinds.subtracting(.pid),
        affinity: affinity, filter: filter, personality: record.personality, keyring: record.id,
        console: console, channel: InitChannel(socket: theirs)
      ).run()
    case .parent(let process):
      try theirs.close()
      return try accompany(process, InitChannel(socket: ours), hasUsers: hasUsers)
    }
  }

  private func clone(into cgroup: inout ContainerCgroup?) throws -> Clone.Side {
    guard let wanted = cgroup else { return try Clone.clone() }
    do {
      return try wanted.clone(Clone.Options())
    } catch let error as SystemError where error.kind == .conflict && options.cgroup == nil {
      // Processes of cgroup v2 live in the leaves only: an init such as systemd has moved itself to one, and there its
      // container's other processes belong too.
      let moved = try wanted.leaf(of: container.record.pid)
      cgroup = moved
      return try moved.clone(Clone.Options())
    }
  }

  private func accompany(
    _ process: borrowing PidFD, _ channel: consuming InitChannel, hasUsers: Bool
  ) throws -> Int32 {
    do {
      if hasUsers {
        try Limits.apply(plan.limits, pid: process.pid)
        try channel.send(.proceed)
      }
      try channel.expectExecution()
      if let pidFile = options.pidFile { try PidFile.write(process.pid, to: pidFile) }
      return process.pid
    } catch {
      try? process.send(.kill)
      _ = try? process.wait()
      throw error
    }
  }

  private func checkState() throws {
    switch try container.status() {
    case .stopped, .creating: throw Self.stopped
    case .paused:
      guard options.ignoresPause else {
        throw ClassifiedError(.conflict, "cannot exec in a paused container", advice: "use --ignore-paused")
      }
    case .created, .running: break
    }
    try PreservedDescriptors.check(options.preservedDescriptors)
    if plan.terminal, options.console == nil {
      throw ClassifiedError(.invalid, "cannot allocate tty if runc will detach without setting console socket")
    }
    if !plan.terminal, options.console != nil {
      throw ClassifiedError(.invalid, "cannot use console socket if runc will not detach or allocate tty")
    }
  }

  private static var stopped: ClassifiedError {
    ClassifiedError(.conflict, "cannot exec in a stopped container")
  }
}

/// What an added process does between its clone and the exec of its program.
struct ExecInit: ~Copyable {
  let plan: ProcessPlan
  let options: ExecOptions
  let cgroup: ContainerCgroup?
  let initProcess: PidFD
  let kinds: NamespaceKinds
  let affinity: CPUAffinity?
  let filter: FilterProgram?
  let personality: Personality?
  let keyring: String
  let console: SharedDescriptor?
  let channel: InitChannel

  consuming func run() -> Never {
    do {
      try perform()
    } catch {
      // When the other side has gone too, there is nobody left to tell.
      try? channel.send(.failed(errorKind(of: error), explanation(of: error)))
    }
    Clone.exitChild(1)
  }

  private borrowing func perform() throws {
    // The container's processes must not look into this one before its exec (CVE-2016-9962).
    try ProcessControl.setDumpable(false)
    if let list = affinity?.initial, !list.isEmpty { try Scheduling.setProcessors(try ProcessorList.read(list)) }
    try cgroup?.join()
    if let list = affinity?.final, !list.isEmpty { try Scheduling.setProcessors(try ProcessorList.read(list)) }
    if let score = plan.outOfMemoryScore { try ProcessControl.setOutOfMemoryScore(score) }
    try Namespace.enter(initProcess, kinds)
    if kinds.contains(.user) {
      try channel.expect(.proceed)
      try Credentials.setGroup(0)
      try Credentials.setUser(0)
      try ProcessControl.setDumpable(false)
    } else {
      try Limits.apply(plan.limits)
    }
    try ProcessControl.newSession()
    try joinKeyring()
    if let console {
      let root = try RootedDirectory("/")
      let slave = try Console.make(
        in: root, size: plan.windowSize, owner: plan.user, socket: console.descriptor)
      try Console.adopt(slave)
    } else {
      try ContainerInit.giveStandardStreams(to: plan)
    }
    // Before any path of the container's is looked up: see `ContainerInit.closeDescriptors`.
    try ProcessControl.closeDescriptors(from: 3 + options.preservedDescriptors, keeping: [channel.socket.rawValue])
    try Privileges(process: plan, filter: filter, personality: personality).apply().execute()
  }

  private borrowing func joinKeyring() throws {
    do throws(SystemError) {
      try Namespace.joinSessionKeyring("_ses.\(keyring)")
    } catch {
      if error.kind != .unsupported { throw error }
    }
  }
}

/// Lists of processors, `0-3,7`, as cpuset(7) writes them.
enum ProcessorList {
  static func read(_ text: String) throws -> Set<Int> {
    var processors: Set<Int> = []
    for range in text.split(separator: ",") {
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last,
        last < 1024
      else { throw ClassifiedError(.invalid, "malformed list of processors \"\(text)\"") }
      processors.formUnion(first...last)
    }
    return processors
  }
}
