import ContainerNetwork
import Diagnostics
import LinuxKernel
import ShimProtocol
import Synchronization

/// Starts shims. It holds the sealed copy of the runtime that every one of them gets, and keeps one shim that is up and
/// waits for a container: coming up is a tenth of a start.
final class ShimSpawn: Sendable {
  private let program: String
  private let runtime: SharedDescriptor
  private let spare = Mutex<Started?>(nil)
  /// Spare shims that were let go of and end by themselves.
  private let dropped = Mutex<[Int32]>([])
  /// What the last container wanted: the next is taken to want the same.
  private let wants = Mutex(Wants())

  /// Makes the sealed copy: once, since copying a static program costs some 15 ms.
  ///
  /// Throws: `notFound` when a program is missing from `directory`.
  init(programDirectory directory: String) throws {
    program = "\(directory)/apus-shim"
    let runtimePath = "\(directory)/apus-runtime"
    for path in [program, runtimePath] where !HostFiles.isExecutable(path) {
      throw ClassifiedError(
        .notFound, "no such program", object: path, advice: "install it beside apusd, or set the program directory")
    }
    let file = try HostFiles.open(runtimePath, .readOnly)
    runtime = SharedDescriptor(try MemFD.sealedCopy(of: file, name: "apus-runtime"))
  }

  /// What a container needs its shim to have.
  struct Wants: Sendable {
    /// A network namespace.
    var sandbox = false
    /// One in which questions about names are led to their sockets.
    var names = false
  }

  /// A shim that has been started: its process, and the server's end of its control connection.
  struct Started: ~Copyable {
    let process: Int32
    let control: LinuxKernel.Descriptor
    /// The network namespace that it holds as descriptor 5.
    let sandbox: NetworkSandbox?
  }

  /// A shim for a container: the spare one, or a new one. Blocks for about a millisecond.
  ///
  /// Names are led to their sockets only in a spare shim: for another one that can wait until the container joins its
  /// networks.
  func start(for id: ContainerID, _ wanted: Wants) throws(SystemError) -> Started {
    wants.withLock { $0 = wanted }
    if let spare = takeSpare(sandboxed: wanted.sandbox) { return spare }
    return try start(id.text, wanted.sandbox ? NetworkSandbox() : nil)
  }

  /// Starts a spare shim where there is none. Without one, the next start only takes longer. Blocks as `start`.
  func prepareSpare() {
    guard spare.withLock({ $0 == nil }) else { return }
    let wanted = wants.withLock { $0 }
    let sandbox = wanted.sandbox ? try? NetworkSandbox() : nil
    // Where it fails, the container that needs it says so.
    if wanted.names, let sandbox, let names = sandbox.names { try? sandbox.leadNames(to: names) }
    guard let next = try? start(ShimLaunch.anyContainer, sandbox) else { return }
    keep(next)
  }

  /// The spare shims that were let go of since this was asked last, for somebody to take their exit status.
  func takeDropped() -> [Int32] {
    dropped.withLock { dropped in
      defer { dropped = [] }
      return dropped
    }
  }

  /// Lets the spare shim go: it ends with its connection.
  func dropSpare() {
    _ = takeSpare(sandboxed: false)
  }

  private func keep(_ next: consuming Started) {
    let process = next.process
    var next: Started? = next
    spare.withLock { spare in
      if spare == nil { spare = next.take() }
    }
    // Of two starts at once, both prepared one.
    if next != nil { dropped.withLock { $0.append(process) } }
  }

  private func takeSpare(sandboxed: Bool) -> Started? {
    guard let taken = spare.withLock({ $0.take() }) else { return nil }
    // One without a sandbox cannot be given one; it ends with its connection.
    if sandboxed && taken.sandbox == nil {
      dropped.withLock { $0.append(taken.process) }
      return nil
    }
    // Somebody may have killed it.
    if Self.hasEnded(taken.process) { return nil }
    return taken
  }

  private static func hasEnded(_ process: Int32) -> Bool {
    do throws(SystemError) { return try Children.reap(process) != nil } catch { return true }
  }

  private func start(_ name: String, _ sandbox: NetworkSandbox?) throws(SystemError) -> Started {
    let pair = try SocketPair()
    let ours = pair.first
    let theirs = pair.second
    let null = try HostFiles.open("/dev/null", .readWrite)
    var spawn = Spawn(
      program: program, arguments: ["apus-shim", name], environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
    spawn.newSession = true
    spawn.pass(null, as: 0)
    spawn.pass(null, as: 1)
    spawn.inherit(2)
    spawn.pass(theirs, as: 3)
    spawn.pass(runtime.descriptor, as: 4)
    if let sandbox {
      spawn.pass(sandbox.namespace.descriptor, as: NetworkSandbox.shimDescriptor)
      if let names = sandbox.names {
        spawn.pass(names.datagrams.descriptor, as: NameSockets.shimDescriptors.datagrams)
        spawn.pass(names.connections.descriptor, as: NameSockets.shimDescriptors.connections)
      }
    }
    let process = try spawn.start()
    return Started(process: process, control: ours, sandbox: sandbox)
  }
}

extension NetworkSandbox {
  /// The number under which a shim holds it.
  static let shimDescriptor: Int32 = 5
}

extension NameSockets {
  /// The numbers under which a shim holds them.
  static let shimDescriptors: (datagrams: Int32, connections: Int32) = (6, 7)
}
