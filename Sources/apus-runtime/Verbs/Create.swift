import ContainerRuntime
import Diagnostics
import LinuxKernel

/// The options that `create` and `run` share.
let creationOptions: [OptionSpec] = [
  .value("bundle", "b", "directory of the bundle; the current one without it"),
  .value("console-socket", "unix socket that receives the terminal"),
  .value("pid-file", "file that the process's number is written to"),
  .flag("no-pivot", "move the root instead of pivoting: for hosts that run from a ramdisk"),
  .flag("no-new-keyring", "keep the caller's session keyring"),
  .value("preserve-fds", "how many descriptors after the standard three the program inherits"),
]

extension Verb {
  static let create = Verb(
    name: "create", usage: "[options] ID", summary: "make a container", options: creationOptions,
    entersContainer: true
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "create [options] ID")[0]
    _ = try ContainerCreation.create(
      id, bundle: try Bundle(path: arguments["bundle"] ?? "."), options: try CreationOptions(arguments),
      settings: settings)
    return 0
  }
}

extension CreationOptions {
  init(_ arguments: ParsedArguments) throws {
    self.init()
    console = arguments["console-socket"].map { .socket(path: $0) }
    pidFile = arguments["pid-file"]
    withoutPivot = arguments.isSet("no-pivot")
    keepsKeyring = arguments.isSet("no-new-keyring")
    preservedDescriptors = try arguments.descriptorCount()
    // A service that systemd activates passes its sockets on to the container's program, which is process 1 there.
    if let count = InheritedEnvironment.value("LISTEN_FDS").flatMap({ Int32($0) }), count > 0 {
      preservedDescriptors += count
      activationEnvironment = ["LISTEN_FDS=\(count)", "LISTEN_PID=1"]
    }
  }
}

extension ParsedArguments {
  /// The value of `--preserve-fds`.
  func descriptorCount() throws -> Int32 {
    let count = try integer("preserve-fds", as: Int32.self) ?? 0
    guard (0...4096).contains(count) else { throw ClassifiedError(.invalid, "--preserve-fds \(count)") }
    return count
  }
}
