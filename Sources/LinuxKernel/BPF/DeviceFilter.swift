import CLinux
import Glibc

/// A program of the kernel's own machine that decides which devices a cgroup v2 may use. bpf(2),
/// BPF_PROG_TYPE_CGROUP_DEVICE.
public struct DeviceFilter: ~Copyable, Sendable {
  private let program: Descriptor
  private static let allowMultiple: UInt32 = 2
  private static let replace: UInt32 = 4

  /// Loads a program: instructions of eight bytes, struct bpf_insn as one little-endian number each.
  ///
  /// Throws: EPERM without CAP_BPF or CAP_SYS_ADMIN, EINVAL or EACCES when the verifier refuses the program.
  public init(instructions: [UInt64]) throws(SystemError) {
    program = Descriptor(
      owning: try systemCall("load device program", "\(instructions.count) instructions") {
        unsafe instructions.withUnsafeBytes {
          unsafe clinux_bpf_load_device_program($0.baseAddress, UInt32(instructions.count), nil, 0)
        }
      })
  }

  /// Makes this the only device program on a cgroup directory, without a moment in which none is there.
  public func attach(to cgroup: borrowing Descriptor) throws(SystemError) {
    var ids = [UInt32](repeating: 0, count: 64)
    var count = UInt32(ids.count)
    try systemCall("list device programs of", cgroup.place) {
      unsafe ids.withUnsafeMutableBufferPointer {
        unsafe clinux_bpf_query_device_programs(cgroup.rawValue, $0.baseAddress, &count)
      }
    }
    guard count > 0 else { return try attach(to: cgroup, Self.allowMultiple, replacing: -1) }
    // All must agree for an access: replace one, then take the others off.
    let old = try ids[..<Int(count)].map { (id) throws(SystemError) in
      SharedDescriptor(
        Descriptor(owning: try systemCall("open device program", "\(id)") { clinux_bpf_open_program(id) }))
    }
    try attach(to: cgroup, Self.allowMultiple | Self.replace, replacing: old[0].descriptor.rawValue)
    for other in old.dropFirst() {
      try systemCall("detach device program from", cgroup.place) {
        clinux_bpf_detach_device_program(cgroup.rawValue, other.descriptor.rawValue)
      }
    }
  }

  private func attach(to cgroup: borrowing Descriptor, _ flags: UInt32, replacing old: Int32) throws(SystemError) {
    try systemCall("attach device program to", cgroup.place) {
      clinux_bpf_attach_device_program(cgroup.rawValue, program.rawValue, flags, old)
    }
  }
}
