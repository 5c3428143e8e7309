/// What holds for all commands of the runtime.
public struct RuntimeSettings: Sendable {
  /// The directory below which each container has its state directory.
  public var root: String
  /// The configuration's `cgroupsPath` has the form `slice:prefix:name`.
  public var usesSystemdCgroups = false
  /// Told what is left out of a configuration, or goes wrong without being a failure.
  public var warn: @Sendable (String) -> Void = { _ in }

  public init(root: String = "/run/apus-runtime") {
    self.root = root
  }
}
