/// One instruction of classic BPF, as `struct sock_filter` (bpf(2), linux/filter.h).
public struct BPFInstruction: Sendable, Equatable {
  public let code: UInt16
  /// Instructions to skip when a jump's condition holds.
  public let jumpTrue: UInt8
  /// Instructions to skip when it does not.
  public let jumpFalse: UInt8
  public let operand: UInt32

  public init(code: UInt16, jumpTrue: UInt8 = 0, jumpFalse: UInt8 = 0, operand: UInt32) {
    self.code = code
    self.jumpTrue = jumpTrue
    self.jumpFalse = jumpFalse
    self.operand = operand
  }
}

extension BPFInstruction {
  // The operations that a seccomp program needs: load a word of seccomp_data, and, jump, return.
  static let loadWord: UInt16 = 0x20
  static let andConstant: UInt16 = 0x54
  static let jump: UInt16 = 0x05
  static let jumpIfEqual: UInt16 = 0x15
  static let jumpIfGreater: UInt16 = 0x25
  static let jumpIfAtLeast: UInt16 = 0x35
  static let returnConstant: UInt16 = 0x06

  static func load(offset: UInt32) -> BPFInstruction { .init(code: loadWord, operand: offset) }
  static func mask(_ bits: UInt32) -> BPFInstruction { .init(code: andConstant, operand: bits) }
  static func skip(_ count: Int) -> BPFInstruction { .init(code: jump, operand: UInt32(count)) }
  static func finish(_ value: UInt32) -> BPFInstruction { .init(code: returnConstant, operand: value) }
}

/// A compiled filter, ready for seccomp(2) with SECCOMP_SET_MODE_FILTER.
public struct FilterProgram: Sendable, Equatable {
  public let instructions: [BPFInstruction]
  /// SECCOMP_FILTER_FLAG_…, for the call that loads the program.
  public let flags: UInt32

  public init(instructions: [BPFInstruction], flags: UInt32) {
    self.instructions = instructions
    self.flags = flags
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
