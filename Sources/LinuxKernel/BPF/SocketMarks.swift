import CLinux

/// A mark that programs put on sockets, and find there: nobody else sees it. A socket that a listening one accepts has it
/// from that. bpf(2), BPF_MAP_TYPE_SK_STORAGE.
public struct SocketMarks: ~Copyable, Sendable {
  public let descriptor: Descriptor

  /// Throws: EPERM without CAP_BPF or CAP_SYS_ADMIN; EINVAL when the kernel lacks it (before Linux 5.4).
  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try systemCall("make marks of sockets") { clinux_bpf_make_socket_storage() })
  }
}
