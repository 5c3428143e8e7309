import Diagnostics
import LinuxKernel

/// The pid 1 of `--init`: it runs the container's command as a child, passes signals on to it and reaps orphans, which a
/// program that does not expect to be pid 1 does not do.
///
/// The runtime's own file is bound into the container as `/sbin/docker-init` and does this under that name.
public enum ReapingInit {
  /// Under which name of the program this is what is meant.
  public static let name = "docker-init"

  /// Runs `docker-init -- COMMAND [ARGUMENT…]`; returns the exit code: the command's, or 128 + its signal.
  ///
  /// Throws: `invalid` without a command, `notFound` when the command does not exist, `SystemError`.
  public static func run(arguments: [String], environment: [String]) throws -> Int32 {
    let command = Array(arguments.dropFirst(arguments.dropFirst().first == "--" ? 2 : 1))
    guard let program = command.first else {
      throw ClassifiedError(.invalid, "\(name): no command", advice: "\(name) -- COMMAND [ARGUMENT…]")
    }
    // Blocked before the child exists: no signal that arrives meanwhile is lost. The child starts with none blocked.
    _ = try SignalSet.all.block()
    let signals = try SignalSource(.all)
    return try serve(try start(program, command, environment), signals)
  }

  /// Not by clone3, which the default seccomp profile refuses.
  private static func start(_ program: String, _ command: [String], _ environment: [String]) throws -> Int32 {
    let searchPath = environment.first { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) }
    guard let path = Execute.search(program, searchPath: searchPath ?? "/usr/local/bin:/usr/bin:/bin") else {
      throw ClassifiedError(.notFound, "exec: \"\(program)\": executable file not found in $PATH")
    }
    var spawn = Spawn(program: path, arguments: command, environment: environment)
    for standard in Int32(0)...2 { spawn.inherit(standard) }
    return try spawn.start()
  }

  private static func serve(_ child: Int32, _ signals: borrowing SignalSource) throws -> Int32 {
    while true {
      _ = try signals.descriptor.poll(.readable)
      while let (signal, sender) = try signals.next() {
        if signal == .child {
          while let (pid, status) = try Children.reapAny() {
            if pid == child { return status.shellCode }
          }
        } else if sender != 0 {
          // What the terminal sends (its sender is the kernel) has reached the child already: it is in the foreground.
          try? signal.send(to: child)
        }
      }
    }
  }
}
