public import ClassicBPF

/// A compiled filter, ready for seccomp(2) with SECCOMP_SET_MODE_FILTER.
public struct FilterProgram: Sendable, Equatable {
  public let instructions: [BPFInstruction]
  /// SECCOMP_FILTER_FLAG_…, for the call that loads the program.
  public let flags: UInt32

  public init(instructions: [BPFInstruction], flags: UInt32) {
    self.instructions = instructions
    self.flags = flags
  }

  /// The program as bytes, to be handed to another process of this machine.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 + 8 * instructions.count)
    Self.append(flags, to: &bytes)
    for instruction in instructions {
      bytes.append(UInt8(truncatingIfNeeded: instruction.code))
      bytes.append(UInt8(truncatingIfNeeded: instruction.code >> 8))
      bytes.append(instruction.jumpTrue)
      bytes.append(instruction.jumpFalse)
      Self.append(instruction.operand, to: &bytes)
    }
    return bytes
  }

  /// From `bytes`; nil when they are not a whole program.
  public init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count >= 4, (bytes.count - 4) % 8 == 0 else { return nil }
    func word(_ start: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
    }
    let first = bytes.startIndex
    flags = word(first)
    instructions = stride(from: first + 4, to: bytes.endIndex, by: 8).map { start in
      BPFInstruction(
        code: UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8, jumpTrue: bytes[start + 2],
        jumpFalse: bytes[start + 3], operand: word(start + 4))
    }
  }

  private static func append(_ word: UInt32, to bytes: inout [UInt8]) {
    for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }

  /// What the kernel takes at most. BPF_MAXINSNS, linux/bpf_common.h.
  public static let maximumLength = 4096
}

/// Where the fields of `struct seccomp_data` lie (seccomp(2)), on a little-endian machine.
enum SeccompData {
  static let number: UInt32 = 0
  static let architecture: UInt32 = 4

  static func lowWord(ofArgument index: UInt32) -> UInt32 { 16 + 8 * index }
  static func highWord(ofArgument index: UInt32) -> UInt32 { 20 + 8 * index }
}
