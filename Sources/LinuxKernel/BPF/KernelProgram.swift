import CLinux
import Glibc

/// A program of the kernel's own machine (eBPF), loaded and checked. It is there for as long as this value, or whatever it
/// was given to, is. bpf(2), BPF_PROG_LOAD.
public struct KernelProgram: ~Copyable, Sendable {
  /// What it decides about. linux/bpf.h, BPF_PROG_TYPE_….
  public enum Kind: UInt32, Sendable {
    /// Packets of a link, as a filter of traffic control.
    case packets = 3
    /// Packets to and from the sockets of a cgroup.
    case cgroupPackets = 8
    /// Devices that a cgroup may use.
    case cgroupDevice = 15
  }

  public let descriptor: Descriptor

  /// Loads a program: instructions of eight bytes, struct bpf_insn as one little-endian number each.
  ///
  /// - Parameter name: By which it is known again: at most 15 letters, digits and `_`.
  ///
  /// Throws: EPERM without CAP_BPF or CAP_SYS_ADMIN; EINVAL or EACCES when the verifier refuses the program, with its words.
  public init(_ kind: Kind, named name: String, _ instructions: [UInt64]) throws(SystemError) {
    var words = [UInt8](repeating: 0, count: 1 << 16)
    do throws(SystemError) {
      descriptor = try Self.load(kind, name, instructions)
    } catch {
      // What the verifier has to say costs time, and is asked for only now.
      guard (try? Self.load(kind, name, instructions, &words)) == nil else { throw error }
      throw SystemError(errno: error.errno, call: error.call, object: error.object, detail: Self.lastWords(words))
    }
  }

  private static func load(
    _ kind: Kind, _ name: String, _ instructions: [UInt64]
  ) throws(SystemError) -> Descriptor {
    var none: [UInt8] = []
    return try load(kind, name, instructions, &none)
  }

  private static func load(
    _ kind: Kind, _ name: String, _ instructions: [UInt64], _ words: inout [UInt8]
  ) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try systemCall("load BPF program", "of \(instructions.count) instructions") {
        unsafe words.withUnsafeMutableBytes { words in
          unsafe instructions.withUnsafeBytes {
            unsafe clinux_bpf_load_program(
              kind.rawValue, name, $0.baseAddress, UInt32(instructions.count),
              words.isEmpty ? nil : words.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(words.count))
          }
        }
      })
  }

  /// The verifier's last line but its own figures: the reason.
  private static func lastWords(_ log: [UInt8]) -> String {
    let lines = String(decoding: log.prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n")
    return lines.last { !$0.hasPrefix("processed ") }.map(String.init) ?? ""
  }
}
