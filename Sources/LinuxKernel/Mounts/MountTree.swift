import CLinux
import Glibc

/// A mount, or a tree of mounts, held by a descriptor: in a namespace, or detached from all. open_tree(2).
public struct MountTree: ~Copyable, Sendable {
  public let descriptor: Descriptor
  private static let emptyPath: UInt32 = 0x1000

  /// Takes over the descriptor of a mount, such as one that came over a socket.
  public init(owning descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// A detached copy of the mount at `path`; with `recursive` also of what is mounted below. Linux 5.2.
  ///
  /// A copy that is never attached goes when its descriptor does.
  public init(copying path: some KernelPath, recursive: Bool = false) throws(SystemError) {
    try self.init(AT_FDCWD, path, recursive, empty: 0)
  }

  /// A detached copy of the tree at an open descriptor.
  public init(copying place: borrowing Descriptor, recursive: Bool = false) throws(SystemError) {
    try self.init(place.rawValue, "", recursive, empty: Self.emptyPath)
  }

  private init(_ directory: Int32, _ path: some KernelPath, _ recursive: Bool, empty: UInt32) throws(SystemError) {
    let (clone, closeOnExec, below): (UInt32, UInt32, UInt32) = (1, UInt32(O_CLOEXEC), 0x8000)
    let flags = clone | closeOnExec | empty | (recursive ? below : 0)
    descriptor = Descriptor(
      owning: try systemCall("copy mount", path.description) {
        unsafe path.withKernelString { unsafe clinux_open_tree(directory, $0, flags) }
      })
  }

  /// Sets and clears attributes, of all mounts below with `recursive`, all or none. mount_setattr(2), Linux 5.12.
  ///
  /// `propagation` is one of `MountFlags.propagation`, or empty to leave it.
  public func setAttributes(
    _ set: MountAttributes, clearing clear: MountAttributes = [], propagation: MountFlags = [], recursive: Bool = false
  ) throws(SystemError) {
    try MountTree.setAttributes(
      at: descriptor, set, clearing: clear, propagation: propagation, recursive: recursive)
  }

  /// The same for the mount at an open place in a namespace, which must be its root.
  public static func setAttributes(
    at place: borrowing Descriptor, _ set: MountAttributes, clearing clear: MountAttributes = [],
    propagation: MountFlags = [], recursive: Bool = false
  ) throws(SystemError) {
    let below: UInt32 = 0x8000
    try systemCall("set mount attributes of", place.place) {
      unsafe clinux_mount_setattr(
        place.rawValue, "", emptyPath | (recursive ? below : 0), set.rawValue, clear.rawValue,
        UInt64(propagation.rawValue), 0)
    }
  }

  /// Maps the owners of the files of a detached mount as the user namespace says. mount_setattr(2), Linux 5.12, and a
  /// file system that can.
  public func mapOwners(by userNamespace: borrowing Descriptor, recursive: Bool = false) throws(SystemError) {
    let below: UInt32 = 0x8000
    try systemCall("map owners of", descriptor.place) {
      unsafe clinux_mount_setattr(
        descriptor.rawValue, "", Self.emptyPath | (recursive ? below : 0), MountAttributes.idMapped.rawValue, 0, 0,
        UInt64(userNamespace.rawValue))
    }
  }

  /// Attaches the tree at a path. move_mount(2).
  public func attach(at target: some KernelPath) throws(SystemError) {
    let fromEmptyPath: UInt32 = 0x4
    try systemCall("attach mount at", target.description) {
      unsafe target.withKernelString {
        unsafe clinux_move_mount(descriptor.rawValue, "", AT_FDCWD, $0, fromEmptyPath)
      }
    }
  }

  /// Attaches the tree at an open place.
  public func attach(at target: borrowing Descriptor) throws(SystemError) {
    let bothEmptyPaths: UInt32 = 0x4 | 0x40
    try systemCall("attach mount at", target.place) {
      unsafe clinux_move_mount(descriptor.rawValue, "", target.rawValue, "", bothEmptyPaths)
    }
  }
}
