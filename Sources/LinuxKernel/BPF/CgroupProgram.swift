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

  /// The programs of a name that are there now; nil: all. Throws: EBADF for what is no cgroup v2.
  fileprivate func programs(
    on cgroup: borrowing Descriptor, named name: String?
  ) throws(SystemError) -> [SharedDescriptor] {
    var ids = [UInt32](repeating: 0, count: 64)
    var count = UInt32(ids.count)
    try systemCall("list BPF programs of", cgroup.place) {
      unsafe ids.withUnsafeMutableBufferPointer {
        unsafe clinux_bpf_query(cgroup.rawValue, rawValue, $0.baseAddress, &count)
      }
    }
    var programs: [SharedDescriptor] = []
    for id in ids[..<Int(count)] {
      let program = SharedDescriptor(
        Descriptor(owning: try systemCall("open BPF program", "\(id)") { clinux_bpf_open_program(id) }))
      if let name, try Self.name(of: program) != name { continue }
      programs.append(program)
    }
    return programs
  }

  /// What the programs on a cgroup directory are called.
  public func names(on cgroup: borrowing Descriptor) throws(SystemError) -> [String] {
    var names: [String] = []
    for program in try programs(on: cgroup, named: nil) { names.append(try Self.name(of: program)) }
    return names
  }

  private static func name(of program: SharedDescriptor) throws(SystemError) -> String {
    var bytes = [CChar](repeating: 0, count: 16)
    try systemCall("look at BPF program") {
      unsafe clinux_bpf_program_name(program.descriptor.rawValue, &bytes)
    }
    return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  fileprivate func detach(_ program: SharedDescriptor, from cgroup: borrowing Descriptor) throws(SystemError) {
    try systemCall("detach BPF program from", cgroup.place) {
      clinux_bpf_detach(cgroup.rawValue, rawValue, program.descriptor.rawValue)
    }
  }

  /// Takes the programs of a name off a cgroup directory.
  public func clear(_ cgroup: borrowing Descriptor, of name: String) throws(SystemError) {
    for program in try programs(on: cgroup, named: name) { try detach(program, from: cgroup) }
  }
}

extension KernelProgram {
  /// Puts this at its place of a cgroup directory instead of the programs of a name, or instead of all, without a moment
  /// in which none is there. bpf(2), BPF_PROG_ATTACH.
  public func attach(
    to cgroup: borrowing Descriptor, at hook: CgroupHook, insteadOf name: String? = nil
  ) throws(SystemError) {
    let old = try hook.programs(on: cgroup, named: name)
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
