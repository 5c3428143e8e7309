import LinuxKernel

/// One option of a mount, by its name in `mounts[].options` (runtime-spec config.md, "Linux mount options").
///
/// This table is the whole knowledge of option names; what is not in it is data for the file system.
struct MountOption {
  enum Effect {
    /// Changes nothing: `defaults`.
    case nothing
    case set(MountFlags)
    case clear(MountFlags)
    case bind(recursive: Bool)
    case propagation(MountFlags, recursive: Bool)
    /// Sets or clears attributes of the mount and of all below it.
    case setBelow(MountAttributes)
    case clearBelow(MountAttributes)
    case mapOwners(recursive: Bool)
    /// Fills a tmpfs with what was at its mount point.
    case copyUp
  }

  let name: String
  let effect: Effect

  private init(_ name: String, _ effect: Effect) {
    self.name = name
    self.effect = effect
  }

  static func named(_ name: String) -> MountOption? {
    table.first { $0.name == name }
  }

  static let table: [MountOption] = [
    .init("defaults", .nothing),
    .init("bind", .bind(recursive: false)), .init("rbind", .bind(recursive: true)),
    .init("ro", .set(.readOnly)), .init("rw", .clear(.readOnly)),
    .init("nosuid", .set(.noSetUserID)), .init("suid", .clear(.noSetUserID)),
    .init("nodev", .set(.noDevices)), .init("dev", .clear(.noDevices)),
    .init("noexec", .set(.noExecution)), .init("exec", .clear(.noExecution)),
    .init("nosymfollow", .set(.noSymbolicLinks)), .init("symfollow", .clear(.noSymbolicLinks)),
    .init("sync", .set(.synchronous)), .init("async", .clear(.synchronous)),
    .init("dirsync", .set(.synchronousDirectories)),
    .init("remount", .set(.remount)),
    .init("mand", .set(.mandatoryLocks)), .init("nomand", .clear(.mandatoryLocks)),
    .init("noatime", .set(.noAccessTimes)), .init("atime", .clear(.noAccessTimes)),
    .init("nodiratime", .set(.noDirectoryAccessTimes)), .init("diratime", .clear(.noDirectoryAccessTimes)),
    .init("relatime", .set(.relativeAccessTimes)), .init("norelatime", .clear(.relativeAccessTimes)),
    .init("strictatime", .set(.strictAccessTimes)), .init("nostrictatime", .clear(.strictAccessTimes)),
    .init("lazytime", .set(.lazyTimes)), .init("nolazytime", .clear(.lazyTimes)),
    .init("iversion", .set(.inodeVersions)), .init("noiversion", .clear(.inodeVersions)),
    .init("silent", .set(.silent)), .init("loud", .clear(.silent)),
    .init("private", .propagation(.private, recursive: false)),
    .init("rprivate", .propagation(.private, recursive: true)),
    .init("shared", .propagation(.shared, recursive: false)),
    .init("rshared", .propagation(.shared, recursive: true)),
    .init("slave", .propagation(.slave, recursive: false)),
    .init("rslave", .propagation(.slave, recursive: true)),
    .init("unbindable", .propagation(.unbindable, recursive: false)),
    .init("runbindable", .propagation(.unbindable, recursive: true)),
    .init("rro", .setBelow(.readOnly)), .init("rrw", .clearBelow(.readOnly)),
    .init("rnosuid", .setBelow(.noSetUserID)), .init("rsuid", .clearBelow(.noSetUserID)),
    .init("rnodev", .setBelow(.noDevices)), .init("rdev", .clearBelow(.noDevices)),
    .init("rnoexec", .setBelow(.noExecution)), .init("rexec", .clearBelow(.noExecution)),
    .init("rnosymfollow", .setBelow(.noSymbolicLinks)), .init("rsymfollow", .clearBelow(.noSymbolicLinks)),
    .init("rnodiratime", .setBelow(.noDirectoryAccessTimes)),
    .init("rdiratime", .clearBelow(.noDirectoryAccessTimes)),
    // Relative is the choice that is left when none of the others is set.
    .init("rnoatime", .setBelow(.noAccessTimes)), .init("ratime", .clearBelow(.accessTimeChoice)),
    .init("rstrictatime", .setBelow(.strictAccessTimes)), .init("rnostrictatime", .clearBelow(.accessTimeChoice)),
    .init("rrelatime", .clearBelow(.accessTimeChoice)), .init("rnorelatime", .clearBelow(.accessTimeChoice)),
    .init("idmap", .mapOwners(recursive: false)), .init("ridmap", .mapOwners(recursive: true)),
    .init("tmpcopyup", .copyUp),
  ]
}
