/// How a mount behaves, for the classic call. mount(2).
public struct MountFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt

  public init(rawValue: UInt) {
    self.rawValue = rawValue
  }

  public static let readOnly = MountFlags(rawValue: 1)
  public static let noSetUserID = MountFlags(rawValue: 2)
  public static let noDevices = MountFlags(rawValue: 4)
  public static let noExecution = MountFlags(rawValue: 8)
  public static let synchronous = MountFlags(rawValue: 16)
  /// Change an existing mount.
  public static let remount = MountFlags(rawValue: 32)
  public static let mandatoryLocks = MountFlags(rawValue: 64)
  public static let synchronousDirectories = MountFlags(rawValue: 128)
  public static let noSymbolicLinks = MountFlags(rawValue: 256)
  public static let noAccessTimes = MountFlags(rawValue: 1024)
  public static let noDirectoryAccessTimes = MountFlags(rawValue: 2048)
  /// Show a tree at a second place. With `remount`: change this mount, not its file system.
  public static let bind = MountFlags(rawValue: 4096)
  public static let move = MountFlags(rawValue: 8192)
  /// With `bind` and the propagation types: what is mounted below, too.
  public static let recursive = MountFlags(rawValue: 16384)
  public static let silent = MountFlags(rawValue: 32768)
  public static let posixACL = MountFlags(rawValue: 1 << 16)
  public static let unbindable = MountFlags(rawValue: 1 << 17)
  public static let `private` = MountFlags(rawValue: 1 << 18)
  public static let slave = MountFlags(rawValue: 1 << 19)
  public static let shared = MountFlags(rawValue: 1 << 20)
  public static let relativeAccessTimes = MountFlags(rawValue: 1 << 21)
  public static let inodeVersions = MountFlags(rawValue: 1 << 23)
  public static let strictAccessTimes = MountFlags(rawValue: 1 << 24)
  public static let lazyTimes = MountFlags(rawValue: 1 << 25)

  /// The four ways in which mounts and unmounts spread between copies of a tree. mount_namespaces(7).
  public static let propagation: MountFlags = [.unbindable, .private, .slave, .shared]
}

/// How a mount behaves, for the new calls. mount_setattr(2).
public struct MountAttributes: OptionSet, Sendable, Hashable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  public static let readOnly = MountAttributes(rawValue: 0x1)
  public static let noSetUserID = MountAttributes(rawValue: 0x2)
  public static let noDevices = MountAttributes(rawValue: 0x4)
  public static let noExecution = MountAttributes(rawValue: 0x8)
  public static let noAccessTimes = MountAttributes(rawValue: 0x10)
  public static let strictAccessTimes = MountAttributes(rawValue: 0x20)
  /// To be cleared whenever one of the times is set: access times are one choice of three.
  public static let accessTimeChoice = MountAttributes(rawValue: 0x70)
  public static let noDirectoryAccessTimes = MountAttributes(rawValue: 0x80)
  public static let idMapped = MountAttributes(rawValue: 0x10_0000)
  public static let noSymbolicLinks = MountAttributes(rawValue: 0x20_0000)
}

/// How an unmount is done. umount2(2).
public struct UnmountFlags: OptionSet, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// Out of sight at once, gone when its last user is.
  public static let detach = UnmountFlags(rawValue: 2)
  /// Do not follow a symbolic link.
  public static let noFollow = UnmountFlags(rawValue: 8)
}
