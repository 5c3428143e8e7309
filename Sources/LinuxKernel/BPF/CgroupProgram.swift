import CLinux
import Glibc

/// Where a cgroup v2 asks programs. linux/bpf.h, BPF_CGROUP_….
public enum CgroupHook: UInt32, Sendable {
  /// When a packet has found its socket.
  case receivedPackets = 0
  /// When a device is to be opened or made.
  case devices = 6

  fileprivate static let allowMultiple: UInt32 = 2
  fileprivate static let replace: UInt32 = 4

  /// The programs that are there now. Throws: EBADF for what is no cgroup v2.
  fileprivate func programs(on cgroup: borrowing Descriptor) throws(SystemError) -> [SharedDescriptor] {
    var ids = [UInt32](repeating: 0, count: 64)
    var count = UInt32(ids.count)
    try systemCall("list BPF programs of", cgroup.place) {
      unsafe ids.withUnsafeMutableBufferPointer {
        unsafe clinux_bpf_query(cgroup.rawValue, rawValue, $0.baseAddress, &count)
      }
    }
    return try ids[..<Int(count)].map { (id) throws(SystemError) in
      SharedDescriptor(
        Descriptor(owning: try systemCall("open BPF program", "\(id)") { clinux_bpf_open_program(id) }))
    }
  }

  fileprivate func detach(_ program: SharedDescriptor, from cgroup: borrowing Descriptor) throws(SystemError) {
    try systemCall("detach BPF program from", cgroup.place) {
      clinux_bpf_detach(cgroup.rawValue, rawValue, program.descriptor.rawValue)
    }
  }

  /// Takes all programs off a cgroup directory.
  public func clear(_ cgroup: borrowing Descriptor) throws(SystemError) {
    for program in try programs(on: cgroup) { try detach(program, from: cgroup) }
  }
}

extension KernelProgram {
  /// Makes this the only program at its place of a cgroup directory, without a moment in which none is there. bpf(2),
  /// BPF_PROG_ATTACH.
  public func attach(to cgroup: borrowing Descriptor, at hook: CgroupHook) throws(SystemError) {
    let old = try hook.programs(on: cgroup)
    guard let first = old.first else {
      return try attach(to: cgroup, at: hook, CgroupHook.allowMultiple, replacing: -1)
    }
    // All of them are asked: replace one, then take the others off.
    try attach(
      to: cgroup, at: hook, CgroupHook.allowMultiple | CgroupHook.replace, replacing: first.descriptor.rawValue)
    for other in old.dropFirst() { try hook.detach(other, from: cgroup) }
  }

  private func attach(
    to cgroup: borrowing Descriptor, at hook: CgroupHook, _ flags: UInt32, replacing old: Int32
  ) throws(SystemError) {
    try systemCall("attach BPF program to", cgroup.place) {
      clinux_bpf_attach(cgroup.rawValue, hook.rawValue, descriptor.rawValue, flags, old)
    }
  }
}
