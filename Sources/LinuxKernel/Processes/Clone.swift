import CLinux
import Glibc

/// A new process that goes on with a copy of this one's memory. clone3(2), fork(2).
///
/// Only for single-threaded programs: what other threads held at the time, the allocator's lock say, is held for ever
/// in the child. Programs with threads use `Spawn`.
public enum Clone {
  /// What the new process gets of its own, beside its memory.
  public struct Options: Sendable {
    /// Namespaces that are made for the child. A time namespace is not among what clone3 makes: it is unshared before.
    public var namespaces: NamespaceKinds = []
    /// Sent to the parent when the child ends; nil makes a child that `wait` does not report in the usual way.
    public var exitSignal: Signal? = .child
    /// Whether the child has the caller's parent instead of the caller. CLONE_PARENT.
    public var isSibling = false

    public init() {}
  }

  /// On which side of the clone the caller finds itself.
  public enum Side: ~Copyable {
    case parent(PidFD)
    case child
  }

  /// Clones this process. With `cgroup`, an open cgroup v2 directory, the child starts in it and costs no move.
  ///
  /// Throws: EPERM, EINVAL (a namespace that the kernel lacks), ENOSPC (too many namespaces), EBUSY (the cgroup has
  /// controllers for its children), EAGAIN (too many processes).
  public static func clone(_ options: Options, cgroup: borrowing Descriptor) throws(SystemError) -> Side {
    let intoCgroup: UInt64 = 0x2_0000_0000
    return try clone(options, intoCgroup, cgroup.rawValue)
  }

  /// Clones this process into the caller's own cgroup.
  public static func clone(_ options: Options = Options()) throws(SystemError) -> Side {
    try clone(options, 0, 0)
  }

  private static func clone(_ options: Options, _ more: UInt64, _ cgroup: Int32) throws(SystemError) -> Side {
    let (pidfd, parent): (UInt64, UInt64) = (0x1000, 0x8000)
    var flags = UInt64(options.namespaces.rawValue) | pidfd | more
    // The kernel takes the exit signal of CLONE_PARENT from the caller, and refuses another.
    if options.isSibling { flags |= parent }
    let exitSignal = options.isSibling ? 0 : options.exitSignal?.rawValue ?? 0
    var descriptor: Int32 = -1
    let pid = try systemCall("clone") { unsafe clinux_clone3(flags, exitSignal, cgroup, &descriptor) }
    if pid == 0 { return .child }
    return .parent(PidFD(owning: Descriptor(owning: descriptor), pid: pid))
  }
}

extension Clone {
  /// A plain child, by a call that seccomp filters let pass: container profiles answer clone3 with ENOSYS, since
  /// they cannot look into its arguments. fork(2). Returns the child's pid, or nil in the child.
  public static func fork() throws(SystemError) -> Int32? {
    let pid = try systemCall("fork") { clinux_fork() }
    return pid == 0 ? nil : pid
  }

  /// Ends this process at once, without flushing or running anything: for children that have not executed. _exit(2).
  public static func exitChild(_ code: Int32) -> Never {
    _exit(code)
  }
}
