import ClassicBPF
import OCIRuntimeSpec

/// The code of conditions on a call's arguments. BPF compares 32 bits, so a 64-bit argument is compared in two halves.
extension ProgramBuilder {
  /// Writes the test of one condition.
  mutating func test(_ argument: LinuxSeccomp.Argument, then match: Target, else fail: Target) {
    let value = argument.value
    switch argument.op {
    case .equal:
      branch(BPFInstruction.jumpIfEqual, value.lowWord, then: match, else: fail)
      emitLoad(low: argument.index)
      branch(BPFInstruction.jumpIfEqual, value.highWord, then: here, else: fail)
    case .notEqual:
      branch(BPFInstruction.jumpIfEqual, value.lowWord, then: fail, else: match)
      emitLoad(low: argument.index)
      branch(BPFInstruction.jumpIfEqual, value.highWord, then: here, else: match)
    case .maskedEqual:
      branch(BPFInstruction.jumpIfEqual, argument.valueTwo.lowWord, then: match, else: fail)
      emit(.mask(value.lowWord))
      emitLoad(low: argument.index)
      branch(BPFInstruction.jumpIfEqual, argument.valueTwo.highWord, then: here, else: fail)
      emit(.mask(value.highWord))
    case .greater:
      branch(BPFInstruction.jumpIfGreater, value.lowWord, then: match, else: fail)
      decideByHighWord(argument, above: match, below: fail)
    case .greaterOrEqual:
      branch(BPFInstruction.jumpIfAtLeast, value.lowWord, then: match, else: fail)
      decideByHighWord(argument, above: match, below: fail)
    case .less:
      branch(BPFInstruction.jumpIfAtLeast, value.lowWord, then: fail, else: match)
      decideByHighWord(argument, above: fail, below: match)
    case .lessOrEqual:
      branch(BPFInstruction.jumpIfGreater, value.lowWord, then: fail, else: match)
      decideByHighWord(argument, above: fail, below: match)
    }
    emit(.load(offset: SeccompData.highWord(ofArgument: argument.index)))
  }

  /// Writes the test whether an argument is one of several values that have the high word of `first`, itself among
  /// them: so the words are loaded only once.
  mutating func test(
    _ first: LinuxSeccomp.Argument, lowWords: some Sequence<UInt32>, then match: Target, else fail: Target
  ) {
    var next = fail
    for word in lowWords {
      branch(BPFInstruction.jumpIfEqual, word, then: match, else: next)
      next = here
    }
    emitLoad(low: first.index)
    branch(BPFInstruction.jumpIfEqual, first.value.highWord, then: here, else: fail)
    emit(.load(offset: SeccompData.highWord(ofArgument: first.index)))
  }

  /// The high word decides, unless it is equal: then the test of the low word does, which was written before.
  private mutating func decideByHighWord(_ argument: LinuxSeccomp.Argument, above: Target, below: Target) {
    emitLoad(low: argument.index)
    branch(BPFInstruction.jumpIfEqual, argument.value.highWord, then: here, else: below)
    branch(BPFInstruction.jumpIfGreater, argument.value.highWord, then: above, else: here)
  }

  private mutating func emitLoad(low index: UInt32) {
    emit(.load(offset: SeccompData.lowWord(ofArgument: index)))
  }
}

extension UInt64 {
  var highWord: UInt32 { UInt32(self >> 32) }
  var lowWord: UInt32 { UInt32(truncatingIfNeeded: self) }
}
