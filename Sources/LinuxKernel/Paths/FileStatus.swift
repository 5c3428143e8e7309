import CLinux
import Glibc

/// What a name in a directory stands for. inode(7).
public enum FileKind: Sendable, Hashable {
  case regular, directory, symbolicLink, characterDevice, blockDevice, fifo, socket, unknown

  init(mode: UInt32) {
    switch mode & UInt32(S_IFMT) {
    case UInt32(S_IFREG): self = .regular
    case UInt32(S_IFDIR): self = .directory
    case UInt32(S_IFLNK): self = .symbolicLink
    case UInt32(S_IFCHR): self = .characterDevice
    case UInt32(S_IFBLK): self = .blockDevice
    case UInt32(S_IFIFO): self = .fifo
    case UInt32(S_IFSOCK): self = .socket
    default: self = .unknown
    }
  }

  /// The type bits of a mode; 0 for `unknown`.
  var modeBits: UInt32 {
    switch self {
    case .regular: UInt32(S_IFREG)
    case .directory: UInt32(S_IFDIR)
    case .symbolicLink: UInt32(S_IFLNK)
    case .characterDevice: UInt32(S_IFCHR)
    case .blockDevice: UInt32(S_IFBLK)
    case .fifo: UInt32(S_IFIFO)
    case .socket: UInt32(S_IFSOCK)
    case .unknown: 0
    }
  }
}

/// The number of a device: its driver and which of the driver's devices. makedev(3).
public struct DeviceNumber: Sendable, Hashable, CustomStringConvertible {
  public let major: UInt32
  public let minor: UInt32

  public init(major: UInt32, minor: UInt32) {
    self.major = major
    self.minor = minor
  }

  init(kernelValue: dev_t) {
    self.init(major: clinux_major(UInt64(kernelValue)), minor: clinux_minor(UInt64(kernelValue)))
  }

  var kernelValue: dev_t { dev_t(clinux_makedev(major, minor)) }

  public var description: String { "\(major):\(minor)" }
}

/// A point in time as file systems keep it: since 1970, in UTC.
public struct FileTime: Sendable, Hashable, Comparable {
  public let seconds: Int64
  /// 0 to 999,999,999.
  public let nanoseconds: UInt32

  public init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  init(_ time: timespec) {
    self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
  }

  var kernelValue: timespec { timespec(tv_sec: time_t(seconds), tv_nsec: Int(nanoseconds)) }

  public static func < (a: FileTime, b: FileTime) -> Bool {
    (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
  }

  /// Now, by CLOCK_REALTIME.
  public static var now: FileTime {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return FileTime(time)
  }
}

/// What the kernel tells about a file. stat(2).
public struct FileStatus: Sendable, Equatable {
  public let kind: FileKind
  /// The twelve permission bits, set-user-id, set-group-id and sticky among them.
  public let permissions: UInt32
  public let user: UInt32
  public let group: UInt32
  /// In bytes; for a symbolic link the length of its target.
  public let size: Int64
  /// What it takes on the disk, in units of 512 bytes.
  public let blocks: Int64
  public let links: UInt64
  public let inode: UInt64
  /// The file system the file is on.
  public let device: DeviceNumber
  /// Which device the file stands for, when it is a device node.
  public let representedDevice: DeviceNumber
  public let accessed: FileTime
  public let modified: FileTime
  public let changed: FileTime

  init(_ status: stat) {
    kind = FileKind(mode: UInt32(status.st_mode))
    permissions = UInt32(status.st_mode) & 0o7777
    user = status.st_uid
    group = status.st_gid
    size = Int64(status.st_size)
    blocks = Int64(status.st_blocks)
    links = UInt64(status.st_nlink)
    inode = UInt64(status.st_ino)
    device = DeviceNumber(kernelValue: status.st_dev)
    representedDevice = DeviceNumber(kernelValue: status.st_rdev)
    accessed = FileTime(status.st_atim)
    modified = FileTime(status.st_mtim)
    changed = FileTime(status.st_ctim)
  }

  /// Whether two statuses are of one file.
  public func isSameFile(as other: FileStatus) -> Bool {
    inode == other.inode && device == other.device
  }
}

extension Descriptor {
  /// What the kernel tells about the file behind this descriptor. fstat(2).
  public func status() throws(SystemError) -> FileStatus {
    var status = stat()
    try systemCall("stat", "descriptor \(rawValue)") { unsafe fstat(rawValue, &status) }
    return FileStatus(status)
  }

  /// The magic number of the file system that the file is on. statfs(2).
  public func fileSystemType() throws(SystemError) -> Int64 {
    try systemCall("statfs", place) { clinux_filesystem_type(rawValue) }
  }

  /// Sets owner and group. fchown(2), which clears set-user-id: permissions are set after it.
  public func setOwner(user: UInt32, group: UInt32) throws(SystemError) {
    try systemCall("chown", place) { fchown(rawValue, user, group) }
  }

  /// Sets the twelve permission bits. fchmod(2).
  public func setPermissions(_ permissions: UInt32) throws(SystemError) {
    try systemCall("chmod", place) { fchmod(rawValue, mode_t(permissions)) }
  }

  /// Sets the times. futimens(2).
  public func setTimes(accessed: FileTime, modified: FileTime) throws(SystemError) {
    let times: [2 of timespec] = [accessed.kernelValue, modified.kernelValue]
    try systemCall("set times of", place) {
      unsafe times.span.withUnsafeBufferPointer { unsafe futimens(rawValue, $0.baseAddress) }
    }
  }
}
