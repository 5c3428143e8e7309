import CLinux
import Glibc

/// The classic mount calls. mount(2), umount2(2).
///
/// A target inside a container's root is given as `Descriptor.processPath` of a descriptor that `RootedDirectory`
/// opened, never as a path that would be resolved a second time.
public enum Mounts {
  /// Mounts a file system. `data` holds the file system's own options, separated by commas, at most a page of them.
  public static func mount(
    _ type: String, source: String, at target: String, _ flags: MountFlags = [], data: String = ""
  ) throws(SystemError) {
    try call("mount \(type) at", target, source: source, type: type, flags, data: data)
  }

  /// Shows `source` at `target` too; with `recursive` also what is mounted below. Other flags take effect only by
  /// `remount` afterwards.
  public static func bind(_ source: String, at target: String, recursive: Bool = false) throws(SystemError) {
    try call("bind \(source) at", target, source: source, recursive ? [.bind, .recursive] : .bind)
  }

  /// Sets the flags of one mount, not of its file system.
  public static func remount(_ target: String, _ flags: MountFlags) throws(SystemError) {
    try call("remount", target, flags.union([.remount, .bind]))
  }

  /// Sets how mounts spread: one of the `MountFlags.propagation`, with `recursive` for all below.
  public static func setPropagation(_ target: String, _ propagation: MountFlags) throws(SystemError) {
    try call("set propagation of", target, propagation)
  }

  /// Moves a mount.
  public static func move(_ source: String, to target: String) throws(SystemError) {
    try call("move \(source) to", target, source: source, .move)
  }

  /// Unmounts. Throws: EINVAL where nothing is mounted, EBUSY when it is in use.
  public static func unmount(_ target: String, _ flags: UnmountFlags = []) throws(SystemError) {
    try systemCall("unmount", target) {
      unsafe target.withKernelString { unsafe clinux_umount($0, flags.rawValue) }
    }
  }

  private static func call(
    _ step: @autoclosure () -> String, _ target: String, source: String = "none", type: String? = nil,
    _ flags: MountFlags, data: String = ""
  ) throws(SystemError) {
    do {
      try systemCall("mount", target) {
        unsafe target.withKernelString { target in
          unsafe source.withKernelString { source in
            unsafe data.withKernelString { data in
              guard let type else { return unsafe clinux_mount(source, target, nil, flags.rawValue, data) }
              return unsafe type.withKernelString { unsafe clinux_mount(source, target, $0, flags.rawValue, data) }
            }
          }
        }
      }
    } catch {
      throw SystemError(errno: error.errno, call: step(), object: target)
    }
  }
}
