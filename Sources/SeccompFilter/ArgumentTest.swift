import OCIRuntimeSpec

/// The code of a rule's conditions. BPF compares 32 bits, so a 64-bit argument is compared in two halves.
enum ArgumentTest {
  /// Where a jump goes, until its distance is known.
  private enum Target {
    case next, match, fail
  }

  private struct Step {
    let instruction: BPFInstruction
    var ifTrue = Target.next
    var ifFalse = Target.next
  }

  /// Code that returns `outcome` when all conditions hold, and else runs into what follows it.
  static func code(for arguments: [LinuxSeccomp.Argument], outcome: UInt32) -> [BPFInstruction] {
    var code: [BPFInstruction] = [.finish(outcome)]
    // From the last condition to the first: each is followed by what it leads to, and fails to the end of all.
    for argument in arguments.reversed() {
      code = resolve(steps(for: argument), before: code)
    }
    return code
  }

  /// Turns the targets into distances: `match` is the first instruction of `rest`, `fail` the one after it.
  private static func resolve(_ steps: [Step], before rest: [BPFInstruction]) -> [BPFInstruction] {
    var code: [BPFInstruction] = []
    for (position, step) in steps.enumerated() {
      let toMatch = steps.count - position - 1
      func distance(_ target: Target) -> UInt8 {
        switch target {
        case .next: 0
        case .match: UInt8(toMatch)
        case .fail: UInt8(toMatch + rest.count)
        }
      }
      code.append(
        .init(
          code: step.instruction.code, jumpTrue: distance(step.ifTrue), jumpFalse: distance(step.ifFalse),
          operand: step.instruction.operand))
    }
    return code + rest
  }

  private static func steps(for argument: LinuxSeccomp.Argument) -> [Step] {
    let low = Step(instruction: .load(offset: SeccompData.lowWord(ofArgument: argument.index)))
    let high = Step(instruction: .load(offset: SeccompData.highWord(ofArgument: argument.index)))
    let value = argument.value
    switch argument.op {
    case .equal:
      return [high, test(.equal, value.highWord, .next, .fail), low, test(.equal, value.lowWord, .next, .fail)]
    case .notEqual:
      return [high, test(.equal, value.highWord, .next, .match), low, test(.equal, value.lowWord, .fail, .next)]
    case .maskedEqual:
      let (mask, wanted) = (value, argument.valueTwo)
      return [
        high, Step(instruction: .mask(mask.highWord)), test(.equal, wanted.highWord, .next, .fail),
        low, Step(instruction: .mask(mask.lowWord)), test(.equal, wanted.lowWord, .next, .fail),
      ]
    case .greater:
      return halves(value, high, low, [test(.greater, value.lowWord, .next, .fail)], above: .match, below: .fail)
    case .greaterOrEqual:
      return halves(value, high, low, [test(.atLeast, value.lowWord, .next, .fail)], above: .match, below: .fail)
    case .less:
      return halves(value, high, low, [test(.atLeast, value.lowWord, .fail, .next)], above: .fail, below: .match)
    case .lessOrEqual:
      return halves(value, high, low, [test(.greater, value.lowWord, .fail, .next)], above: .fail, below: .match)
    }
  }

  /// The high word decides, unless it is equal: then the low word does.
  private static func halves(
    _ value: UInt64, _ high: Step, _ low: Step, _ lowTest: [Step], above: Target, below: Target
  ) -> [Step] {
    [high, test(.greater, value.highWord, above, .next), test(.equal, value.highWord, .next, below), low] + lowTest
  }

  private enum Comparison: UInt16 {
    case equal = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
    case greater = 0x25  // BPF_JGT
    case atLeast = 0x35  // BPF_JGE
  }

  private static func test(_ comparison: Comparison, _ value: UInt32, _ ifTrue: Target, _ ifFalse: Target) -> Step {
    Step(instruction: .init(code: comparison.rawValue, operand: value), ifTrue: ifTrue, ifFalse: ifFalse)
  }
}

extension UInt64 {
  fileprivate var highWord: UInt32 { UInt32(self >> 32) }
  fileprivate var lowWord: UInt32 { UInt32(truncatingIfNeeded: self) }
}
