import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec
import SeccompFilter

/// What the first process of a container does between its clone and the exec of the program.
struct ContainerInit: ~Copyable {
  /// When the program is executed.
  enum Gate {
    /// As soon as everything is ready.
    case none
    /// When somebody opens this fifo, held as a place, for reading.
    case fifo(SharedDescriptor)
  }

  let plan: ContainerPlan
  let id: String
  let options: CreationOptions
  let cgroup: ContainerCgroup
  let joined: [(kind: NamespaceKind, namespace: SharedDescriptor)]
  let bindSources: [Int: BindSource]
  let consoleSocket: SharedDescriptor?
  let gate: Gate
  let channel: InitChannel

  /// Runs until the program takes over. What goes wrong is told over the channel.
  consuming func run() -> Never {
    do {
      try enter()
      try plan.namespaces.joinsUsers ? moveInside() : perform()
    } catch {
      // When the other side has gone too, there is nobody left to tell.
      try? channel.send(.failed(errorKind(of: error), explanation(of: error)))
    }
    Clone.exitChild(1)
  }

  /// Goes to where the container exists already: its cgroup, and namespaces of others.
  private borrowing func enter() throws {
    // Until the exec, nobody in a shared pid namespace may look into this process (CVE-2016-9962).
    try ProcessControl.setDumpable(false)
    if !plan.namespaces.madeByInit.isEmpty { try Namespace.unshare(plan.namespaces.madeByInit) }
    try channel.expect(.proceed)
    // Before the user changes: the cgroup's files belong to the host's root.
    try cgroup.join()
    for (kind, namespace) in joined where kind != .pid { try Namespace.enter(namespace.descriptor, kind) }
  }

  /// Clones init from inside the user namespace, as another child of the creating process, and ends.
  private borrowing func moveInside() throws {
    try plan.namespaces.prepareChildren(joined)
    var options = Clone.Options()
    options.isSibling = true
    options.namespaces = plan.namespaces.madeByClone
    let side = try Clone.clone(options)
    switch consume side {
    case .child: try perform()
    case .parent(let process):
      try channel.send(.moved(process.pid))
      Clone.exitChild(0)
    }
  }

  /// The recipe. The order of the steps is the order of what they need.
  private borrowing func perform() throws {
    try completeNamespaces()
    try ProcessControl.newSession()
    if !options.keepsKeyring { try joinKeyring() }
    try nameHost()
    // Before the root changes: the file is found through the host's /proc.
    if let score = plan.process.outOfMemoryScore, !plan.namespaces.has(.user) {
      try ProcessControl.setOutOfMemoryScore(score)
    }

    let descriptors = try findDescriptors()
    let state = hookState
    let filter = try enterRoot(state)
    // In a user namespace the creating process has raised them: init could not.
    if !plan.namespaces.has(.user) { try Limits.apply(plan.process.limits) }
    try closeDescriptors(descriptors)
    let privileges = Privileges(
      process: plan.process, filter: filter, personality: plan.linux.personality)
    var program = try privileges.apply()
    program.environment += options.activationEnvironment
    try waitForStart(program, state, descriptors)
  }

  // MARK: Steps

  /// Builds the container's tree and makes it "/". Returns the filter of system calls, which comes meanwhile.
  private borrowing func enterRoot(_ state: State) throws -> FilterProgram? {
    let rootFilesystem = RootFilesystem(
      plan: plan, cgroups: cgroup.mounts(hasOwnNamespace: plan.namespaces.has(.cgroup)), bindSources: bindSources)
    let root = try rootFilesystem.build()
    // The container's own devpts makes the terminal, so it must be mounted.
    if plan.process.terminal {
      try adoptConsole(root)
    } else {
      try Self.giveStandardStreams(to: plan.process)
    }
    let filter = try plan.linux.seccomp.map { _ in try channel.expectFilter() }
    try waitForHooks()
    try HookRunner(point: "createContainer", state: state).run(plan.hooks.createContainer)

    try rootFilesystem.enter(root, withoutPivot: options.withoutPivot)
    try rootFilesystem.seal()
    return filter
  }

  private borrowing func completeNamespaces() throws {
    if plan.namespaces.has(.user) {
      try channel.expect(.proceed)
      try Credentials.setGroup(0)
      try Credentials.setUser(0)
      // A change of user has made the process dumpable as the host is configured.
      try ProcessControl.setDumpable(false)
    }
    // After the move: its root is the cgroup that the process is in.
    if plan.namespaces.isNew(.cgroup) { try Namespace.unshare(.cgroup) }
    if plan.namespaces.isNew(.net) { try Namespace.bringUp(interface: "lo") }
  }

  private borrowing func joinKeyring() throws {
    do throws(SystemError) {
      try Namespace.joinSessionKeyring("_ses.\(id)")
    } catch {
      // A kernel without keys has none to protect.
      if error.kind != .unsupported { throw error }
    }
  }

  private borrowing func nameHost() throws {
    if !plan.spec.hostname.isEmpty { try Namespace.setHostName(plan.spec.hostname) }
    if !plan.spec.domainname.isEmpty { try Namespace.setDomainName(plan.spec.domainname) }
  }

  private borrowing func adoptConsole(_ root: borrowing RootedDirectory) throws {
    guard let consoleSocket else {
      throw ClassifiedError(.invalid, "cannot allocate tty if runc will detach without setting console socket")
    }
    let slave = try Console.make(
      in: root, size: plan.process.windowSize, owner: plan.process.user, socket: consoleSocket.descriptor)
    try Console.bind(slave, in: root)
    try Console.adopt(slave)
  }

  /// A user other than root must be able to open /dev/stdout, which is whatever the caller gave.
  static func giveStandardStreams(to process: ProcessPlan) throws {
    if process.user == 0 { return }
    for number: Int32 in 0...2 {
      guard let stream = try? StandardStream.duplicate(number) else { continue }
      let status = try stream.status()
      if status.user == process.user || status.representedDevice == DeviceNumber(major: 1, minor: 3) { continue }
      do throws(SystemError) {
        try stream.setOwner(user: process.user, group: .max)
      } catch {
        // Not ours to give, read-only, or a user that is not mapped: then the stream stays as it is.
        guard [1, 22, 30].contains(error.errno) else { throw error }
      }
    }
  }

  private borrowing func waitForHooks() throws {
    guard plan.waitsForRuntimeHooks else { return }
    try channel.send(.ready)
    try channel.expect(.proceed)
  }

  /// This process's /proc/self/fd, through which the fifo is opened, where the container has no /proc to do it by.
  private borrowing func findDescriptors() throws -> SharedDescriptor? {
    guard case .fifo = gate else { return nil }
    let mount = plan.mounts.last { MountTarget.normalised($0.destination) == "/proc" }
    if case .fileSystem(type: "proc", _) = mount?.kind { return nil }
    return SharedDescriptor(try HostFiles.open("/proc/self/fd", [.pathOnly, .directory]))
  }

  /// Closes what leads out of the container, before a path of the container's is looked up: the path of its program,
  /// of a script's interpreter or of the working directory may go through /proc/self/fd (CVE-2024-21626). What stays
  /// are a socket and a fifo, which lead nowhere.
  private borrowing func closeDescriptors(_ descriptors: SharedDescriptor?) throws {
    var kept = [channel.socket.rawValue]
    if case .fifo(let fifo) = gate { kept.append(fifo.descriptor.rawValue) }
    if let descriptors { kept.append(descriptors.descriptor.rawValue) }
    try ProcessControl.closeDescriptors(from: firstOfOurs, keeping: kept)
  }

  /// The first number after those that the program inherits.
  private var firstOfOurs: Int32 { 3 + options.preservedDescriptors }

  private borrowing func waitForStart(_ program: Program, _ state: State, _ descriptors: SharedDescriptor?) throws {
    guard case .fifo(let fifo) = gate else {
      try runStartHooks(state)
      return try program.execute()
    }
    try channel.send(.created)
    // The creating process has gone. What goes wrong now is for the container's own standard error, as with runc.
    do {
      // Opening for writing waits until somebody reads.
      let started = try fifo.descriptor.reopened(.writeOnly, through: descriptors)
      try started.writeAll("0")
      if !plan.hooks.startContainer.isEmpty {
        try ProcessControl.closeDescriptors(from: firstOfOurs, keeping: [started.rawValue])
        do {
          try runStartHooks(state)
        } catch {
          // Whoever starts the container reads this after the byte above; it may be gone.
          try? started.writeAll(explanation(of: error))
          throw error
        }
      }
      // Not by close-on-exec: the kernel looks up the program and its interpreter before it closes anything.
      try ProcessControl.closeDescriptors(from: firstOfOurs)
      try Execute.path(program.path, arguments: program.arguments, environment: program.environment)
    } catch {
      // Nobody is left to tell when standard error is closed too.
      try? StandardStream.duplicate(2).writeAll("\(explanation(of: error))\n")
      Clone.exitChild(255)
    }
  }

  private borrowing func runStartHooks(_ state: State) throws {
    var state = state
    state.status = .created
    try HookRunner(point: "startContainer", state: state, environment: plan.process.environment)
      .run(plan.hooks.startContainer)
  }

  /// As seen from inside: the container's own pid namespace.
  private var hookState: State {
    State(
      id: id, status: .creating, pid: Int(ProcessControl.currentID), bundle: plan.bundle.path,
      annotations: plan.spec.annotations)
  }
}

/// The limits of a process, setrlimit(2).
enum Limits {
  static func apply(
    _ limits: [(limit: ResourceLimit, values: ResourceLimit.Values)], pid: Int32 = 0
  ) throws(SystemError) {
    for (limit, values) in limits { try limit.set(values, pid: pid) }
  }
}
