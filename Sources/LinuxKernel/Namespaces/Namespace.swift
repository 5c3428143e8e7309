import CLinux
import Glibc

/// Making and entering namespaces.
public enum Namespace {
  /// Gives the calling thread new namespaces; for pid and time, its later children. unshare(2).
  ///
  /// Throws: EPERM, ENOSPC (too many), EINVAL (a kind that the kernel lacks, or threads with a user namespace).
  public static func unshare(_ kinds: NamespaceKinds) throws(SystemError) {
    try systemCall("unshare", "namespaces") { clinux_unshare(Int32(bitPattern: kinds.rawValue)) }
  }

  /// Opens a namespace of a process.
  public static func open(_ kind: NamespaceKind, of pid: Int32) throws(SystemError) -> Descriptor {
    try HostFiles.open("/proc/\(pid)/ns/\(kind.procName)", .readOnly)
  }

  /// Opens the namespace that the calling thread is in.
  public static func openOwn(_ kind: NamespaceKind) throws(SystemError) -> Descriptor {
    try HostFiles.open("/proc/thread-self/ns/\(kind.procName)", .readOnly)
  }

  /// Opens the network namespace that a socket is in. SIOCGSKNS, Linux 4.9.
  public static func open(networkOfSocket descriptor: Int32) throws(SystemError) -> Descriptor {
    Descriptor(owning: try systemCall("open network of", "socket") { clinux_socket_network(descriptor) })
  }

  /// Makes a new namespace and opens it; it lives as long as the descriptor, or whoever enters it. The calling thread
  /// is back in its own afterwards. Not for users, pids, time and mounts, which a thread cannot come back from.
  ///
  /// Throws: EPERM, ENOSPC. When the way back fails, the thread is left in the new one and is good for nothing more.
  public static func make(_ kind: NamespaceKind) throws(SystemError) -> Descriptor {
    let own = try openOwn(kind)
    try unshare(NamespaceKinds([kind]))
    let made: Descriptor
    do throws(SystemError) {
      made = try openOwn(kind)
    } catch {
      try enter(own, kind)
      throw error
    }
    try enter(own, kind)
    return made
  }

  /// Runs `body` with the calling thread in an open namespace, and goes back. For kinds as in ``make(_:)``.
  ///
  /// What `body` opens stays in the namespace. Throws: what `body` throws, and what setns(2) says; when the way back
  /// fails, the thread is good for nothing more.
  public static func within<Result: ~Copyable>(
    _ namespace: borrowing Descriptor, _ kind: NamespaceKind, _ body: () throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    let own = try openOwn(kind)
    try enter(namespace, kind)
    let result: Result
    do throws(SystemError) {
      result = try body()
    } catch {
      try enter(own, kind)
      throw error
    }
    try enter(own, kind)
    return result
  }

  /// Moves the calling thread into an open namespace, which must be of this kind. setns(2).
  public static func enter(_ namespace: borrowing Descriptor, _ kind: NamespaceKind) throws(SystemError) {
    try systemCall("enter namespace", kind.rawValue) {
      clinux_setns(namespace.rawValue, Int32(bitPattern: kind.flag))
    }
  }

  /// Moves the calling thread into namespaces of a process, all or none. setns(2) with a pidfd, Linux 5.8.
  public static func enter(_ process: borrowing PidFD, _ kinds: NamespaceKinds) throws(SystemError) {
    try systemCall("enter namespaces of", "process \(process.pid)") {
      clinux_setns(process.descriptor.rawValue, Int32(bitPattern: kinds.rawValue))
    }
  }

  /// Whether the kernel has this kind.
  public static func isSupported(_ kind: NamespaceKind) -> Bool {
    (try? HostFiles.exists("/proc/self/ns/\(kind.procName)")) ?? false
  }

  /// The name of this UTS namespace. sethostname(2).
  public static func setHostName(_ name: String) throws(SystemError) {
    try systemCall("set host name", name) {
      unsafe name.withKernelString { unsafe clinux_sethostname($0, UInt(name.utf8.count)) }
    }
  }

  /// The NIS domain of this UTS namespace. setdomainname(2).
  public static func setDomainName(_ name: String) throws(SystemError) {
    try systemCall("set domain name", name) {
      unsafe name.withKernelString { unsafe clinux_setdomainname($0, UInt(name.utf8.count)) }
    }
  }

  /// Switches a network interface of this network namespace on: "lo" in a new one. netdevice(7).
  public static func bringUp(interface name: String) throws(SystemError) {
    try systemCall("bring up interface", name) {
      unsafe name.withKernelString { unsafe clinux_interface_up($0) }
    }
  }

  /// Joins a new session keyring, so that the keys of the caller's are out of reach. keyctl(2).
  public static func joinSessionKeyring(_ name: String) throws(SystemError) {
    try systemCall("join session keyring", name) {
      unsafe name.withKernelString { unsafe clinux_join_session_keyring($0) }
    }
  }
}
