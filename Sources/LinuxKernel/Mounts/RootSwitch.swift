import CLinux
import Glibc

/// Changes what "/" is. Only in a mount namespace of one's own.
public enum RootSwitch {
  /// Makes the mount at an open directory the root of this mount namespace, and takes the old root away. pivot_root(2).
  ///
  /// The old root is stacked over the new one and unmounted from there, so no directory for it is needed; it is made a
  /// slave first, so that the unmounting does not spread to the host.
  ///
  /// Throws: EINVAL when the directory is no mount point or its mount is shared.
  public static func pivot(into newRoot: borrowing Descriptor) throws(SystemError) {
    let oldRoot = try HostFiles.open("/", [.pathOnly, .directory])
    try newRoot.makeWorkingDirectory()
    try systemCall("pivot_root into", newRoot.place) { unsafe clinux_pivot_root(".", ".") }
    try oldRoot.makeWorkingDirectory()
    try Mounts.setPropagation(".", [.slave, .recursive])
    try Mounts.unmount(".", .detach)
    try HostFiles.changeDirectory("/")
  }

  /// Moves the mount at an open directory over "/" and enters it, for roots that cannot be pivoted: an initial ramdisk.
  public static func move(into newRoot: borrowing Descriptor) throws(SystemError) {
    try newRoot.makeWorkingDirectory()
    try Mounts.move(".", to: "/")
    try changeRoot(".")
  }

  /// Makes a directory "/" for this process and what it starts. chroot(2): no containment of its own.
  public static func changeRoot(_ path: some KernelPath) throws(SystemError) {
    try systemCall("chroot", path.description) { unsafe path.withKernelString { unsafe chroot($0) } }
    try HostFiles.changeDirectory("/")
  }
}
