/// Writes a program of classic BPF from its end to its beginning: jumps lead forward only, so the place of whatever a
/// jump leads to is known by the time it is written.
public struct ProgramBuilder {
  /// What a jump leads to.
  public enum Target {
    /// The instruction that was the last to be written when the program had this length.
    case place(Int)
    /// The return of this value: any in the program will do.
    case outcome(UInt32)
  }

  /// The farthest that a jump is written: the reach of its 8 bits, less the one instruction that may come between.
  private static let reach = 254

  private var reversed: [BPFInstruction] = []
  /// The outcomes that have a return, and the place of the nearest of each.
  private var outcomes: [UInt32] = []
  private var returns: [Int] = []

  public init(capacity: Int) {
    reversed.reserveCapacity(capacity)
  }

  /// The instruction written last, which is the first of the program so far.
  public var here: Target { .place(reversed.count) }

  public var count: Int { reversed.count }

  public var program: [BPFInstruction] { reversed.reversed() }

  /// Writes an instruction that goes on with the one that was written before it.
  public mutating func emit(_ instruction: BPFInstruction) {
    reversed.append(instruction)
  }

  /// Sees to it that the program so far begins with `target`.
  public mutating func begin(with target: Target) {
    switch target {
    case .place(reversed.count): break
    case .place(let place): emit(.skip(reversed.count - place))
    case .outcome(let outcome): emitReturn(outcome)
    }
  }

  /// Writes a jump on a comparison of the accumulator with `value`.
  public mutating func branch(_ code: UInt16, _ value: UInt32, then: Target, else other: Target) {
    let (onTrue, onFalse) = (within(then), within(other))
    emit(
      .init(
        code: code, jumpTrue: UInt8(reversed.count - onTrue), jumpFalse: UInt8(reversed.count - onFalse),
        operand: value))
  }

  /// A place within a jump's reach from which the program goes on with `target`.
  private mutating func within(_ target: Target) -> Int {
    switch target {
    case .place(let place):
      if reversed.count - place <= Self.reach { return place }
      emit(.skip(reversed.count - place))
    case .outcome(let outcome):
      if let index = outcomes.firstIndex(of: outcome), reversed.count - returns[index] <= Self.reach {
        return returns[index]
      }
      emitReturn(outcome)
    }
    return reversed.count
  }

  private mutating func emitReturn(_ outcome: UInt32) {
    emit(.finish(outcome))
    if let index = outcomes.firstIndex(of: outcome) {
      returns[index] = reversed.count
    } else {
      outcomes.append(outcome)
      returns.append(reversed.count)
    }
  }
}
