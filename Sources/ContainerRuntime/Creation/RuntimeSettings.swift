/// What holds for all commands of the runtime.
public struct RuntimeSettings: Sendable {
  /// The directory below which each container has its state directory.
  public var root: String
  /// The configuration's `cgroupsPath` has the form `slice:prefix:name`.
  public var usesSystemdCgroups = false

  public init(root: String = "/run/apus-runtime") {
    self.root = root
  }
}
