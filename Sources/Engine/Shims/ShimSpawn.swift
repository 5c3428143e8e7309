import Diagnostics
import LinuxKernel

/// Starts shims. It holds the sealed copy of the runtime that every one of them gets.
final class ShimSpawn: Sendable {
  private let program: String
  private let runtime: SharedDescriptor

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

  /// A shim that has been started: its process, and the server's end of its control connection.
  struct Started: ~Copyable {
    let process: Int32
    let control: LinuxKernel.Descriptor
  }

  /// Starts a shim for a container. Blocks for about a millisecond.
  func start(for id: ContainerID) throws(SystemError) -> Started {
    let pair = try SocketPair()
    let ours = pair.first
    let theirs = pair.second
    let null = try HostFiles.open("/dev/null", .readWrite)
    var spawn = Spawn(
      program: program, arguments: ["apus-shim", id.text], environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
    spawn.newSession = true
    spawn.pass(null, as: 0)
    spawn.pass(null, as: 1)
    spawn.inherit(2)
    spawn.pass(theirs, as: 3)
    spawn.pass(runtime.descriptor, as: 4)
    let process = try spawn.start()
    return Started(process: process, control: ours)
  }
}
