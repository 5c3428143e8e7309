/// What the caller of `exec` decides, beside the process.
public struct ExecOptions: Sendable {
  /// Who receives the process's terminal.
  public var console: ConsoleReceiver?
  /// Where the process's number is written.
  public var pidFile: String?
  /// How many descriptors after the standard three the program inherits.
  public var preservedDescriptors: Int32 = 0
  /// Runs the process even in a container that is paused; it waits there for `resume`.
  public var ignoresPause = false
  /// The cgroup of the process, below the container's.
  public var cgroup: String?

  /// Told what is left out of the process.
  public var warn: @Sendable (String) -> Void = { _ in }

  public init() {}
}
