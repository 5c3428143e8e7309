import ClassicBPF

/// Runs a filter as the kernel would: for tests, and to explain what a profile does to a call.
public struct FilterInterpreter {
  /// `struct seccomp_data`, seccomp(2).
  public struct Call: Sendable {
    public var number: UInt32
    public var architecture: UInt32
    public var arguments: [UInt64]

    public init(number: UInt32, architecture: UInt32, arguments: [UInt64] = []) {
      self.number = number
      self.architecture = architecture
      self.arguments = arguments
    }

    fileprivate func word(at offset: UInt32) -> UInt32? {
      switch offset {
      case SeccompData.number: return number
      case SeccompData.architecture: return architecture
      case 16..<64 where offset.isMultiple(of: 4):
        let index = Int(offset - 16) / 8
        let argument = index < arguments.count ? arguments[index] : 0
        return UInt32(truncatingIfNeeded: offset.isMultiple(of: 8) ? argument : argument >> 32)
      default: return offset.isMultiple(of: 4) && offset < 16 ? 0 : nil
      }
    }
  }

  /// The SECCOMP_RET_… value for a call; nil for a program that the kernel would refuse to load.
  public static func run(_ program: FilterProgram, on call: Call) -> UInt32? {
    var accumulator: UInt32 = 0
    var position = 0
    while position < program.instructions.count {
      let instruction = program.instructions[position]
      position += 1
      let operand = instruction.operand
      let holds: Bool
      switch instruction.code {
      case BPFInstruction.loadWord:
        guard let word = call.word(at: operand) else { return nil }
        accumulator = word
        continue
      case BPFInstruction.andConstant:
        accumulator &= operand
        continue
      case BPFInstruction.jump:
        position += Int(operand)
        continue
      case BPFInstruction.returnConstant: return operand
      case BPFInstruction.jumpIfEqual: holds = accumulator == operand
      case BPFInstruction.jumpIfGreater: holds = accumulator > operand
      case BPFInstruction.jumpIfAtLeast: holds = accumulator >= operand
      default: return nil
      }
      position += Int(holds ? instruction.jumpTrue : instruction.jumpFalse)
    }
    return nil
  }
}
