/// One instruction of classic BPF: `struct sock_filter`, byte for byte (bpf(2), linux/filter.h).
@frozen public struct BPFInstruction: Sendable, Equatable {
  public let code: UInt16
  /// Instructions to skip when a jump's condition holds.
  public let jumpTrue: UInt8
  /// Instructions to skip when it does not.
  public let jumpFalse: UInt8
  public let operand: UInt32

  public init(code: UInt16, jumpTrue: UInt8 = 0, jumpFalse: UInt8 = 0, operand: UInt32 = 0) {
    self.code = code
    self.jumpTrue = jumpTrue
    self.jumpFalse = jumpFalse
    self.operand = operand
  }
}

// linux/bpf_common.h, linux/filter.h.
extension BPFInstruction {
  // Loads into the accumulator: from a place of what is looked at, and from one that the index register is the start of.
  public static let loadWord: UInt16 = 0x20
  public static let loadHalf: UInt16 = 0x28
  public static let loadByte: UInt16 = 0x30
  public static let loadWordIndexed: UInt16 = 0x40
  public static let loadHalfIndexed: UInt16 = 0x48
  public static let loadByteIndexed: UInt16 = 0x50

  // What becomes of the accumulator, or of the index register.
  public static let andConstant: UInt16 = 0x54
  public static let addConstant: UInt16 = 0x04
  public static let shiftLeft: UInt16 = 0x64
  public static let addIndex: UInt16 = 0x0C
  public static let setIndex: UInt16 = 0x01
  public static let moveToIndex: UInt16 = 0x07
  public static let storeWord: UInt16 = 0x02
  public static let restoreWord: UInt16 = 0x60

  // Where it goes on.
  public static let jump: UInt16 = 0x05
  public static let jumpIfEqual: UInt16 = 0x15
  public static let jumpIfGreater: UInt16 = 0x25
  public static let jumpIfAtLeast: UInt16 = 0x35
  public static let returnConstant: UInt16 = 0x06

  public static func load(offset: UInt32) -> BPFInstruction { .init(code: loadWord, operand: offset) }
  public static func mask(_ bits: UInt32) -> BPFInstruction { .init(code: andConstant, operand: bits) }
  public static func skip(_ count: Int) -> BPFInstruction { .init(code: jump, operand: UInt32(count)) }
  public static func finish(_ value: UInt32) -> BPFInstruction { .init(code: returnConstant, operand: value) }
}
