/// Writes a program for the kernel's own machine of eleven registers (eBPF), from its beginning to its end.
/// Documentation/bpf/standardization/instruction-set.rst, bpf-helpers(7).
public struct ExtendedProgram: Sendable {
  /// `result` is what a call and the program return; a call takes its arguments from `first` to `fifth`, and leaves nothing
  /// in them. `frame` points behind 512 bytes of memory.
  public enum Register: UInt8, Sendable {
    case result, first, second, third, fourth, fifth
    /// What no call touches.
    case kept0, kept1, kept2, kept3
    case frame
  }

  public enum Size: UInt8, Sendable {
    case word = 0x00
    case half = 0x08
    case byte = 0x10
    case double = 0x18
  }

  /// What is compared, in 64 bits unless it says otherwise.
  public enum Condition: UInt8, Sendable {
    case isEqual = 0x15
    case isNot = 0x55
    /// In the lower 32 bits: of a number, and of any of its bits.
    case isEqualWord = 0x16
    case isNotWord = 0x56
    case hasAnyOfWord = 0x46
  }

  /// On the lower 32 bits; the upper ones become zero.
  public enum Operation: UInt8, Sendable {
    case and = 0x54
    case shiftLeft = 0x64
    case shiftRight = 0x74
    case set = 0xB4
  }

  /// A place in the program that jumps lead to; it is set once.
  public struct Label: Sendable {
    fileprivate let number: Int
  }

  private var words: [UInt64] = []
  /// Where each label is, by its number.
  private var places: [Int?] = []
  /// The jumps that are yet to be told how far they go: the place of each, and its label.
  private var jumps: [(place: Int, label: Label)] = []

  public init() {}

  /// The finished program: struct bpf_insn, one little-endian number each. Labels that nobody has set lead to the end.
  public var instructions: [UInt64] {
    var finished = words
    for (place, label) in jumps {
      let distance = (places[label.number] ?? words.count) - place - 1
      finished[place] |= UInt64(UInt16(bitPattern: Int16(distance))) << 16
    }
    return finished
  }

  // MARK: Where it goes on

  public mutating func label() -> Label {
    places.append(nil)
    return Label(number: places.count - 1)
  }

  /// What is written next is where the label leads to.
  public mutating func set(_ label: Label) {
    places[label.number] = words.count
  }

  public mutating func jump(to label: Label) {
    jumps.append((words.count, label))
    emit(0x05)
  }

  public mutating func jump(to label: Label, if register: Register, _ condition: Condition, _ value: UInt32) {
    jumps.append((words.count, label))
    emit(condition.rawValue, register, immediate: value)
  }

  public mutating func jump(to label: Label, ifEqual register: Register, _ other: Register) {
    jumps.append((words.count, label))
    emit(0x1D, register, other)
  }

  /// The program returns what is in `result`.
  public mutating func exit() {
    emit(0x95)
  }

  public mutating func exit(_ value: UInt32) {
    apply(.set, to: .result, value)
    exit()
  }

  /// Calls a function of the kernel's, by its number: BPF_FUNC_… of linux/bpf.h.
  public mutating func call(_ function: UInt32) {
    emit(0x85, immediate: function)
  }

  // MARK: Numbers

  public mutating func apply(_ operation: Operation, to register: Register, _ value: UInt32) {
    emit(operation.rawValue, register, immediate: value)
  }

  public mutating func copy(_ source: Register, to target: Register) {
    emit(0xBF, target, source)
  }

  /// All 64 bits, from a number with a sign.
  public mutating func set(_ register: Register, to value: Int32) {
    emit(0xB7, register, immediate: UInt32(bitPattern: value))
  }

  public mutating func set(_ register: Register, toAll value: UInt64) {
    emit(0x18, register, immediate: UInt32(truncatingIfNeeded: value))
    emit(0, immediate: UInt32(value >> 32))
  }

  /// Gives a program access to a map, by its descriptor. BPF_PSEUDO_MAP_FD.
  public mutating func set(_ register: Register, toMap descriptor: Int32) {
    emit(0x18, register, .first, immediate: UInt32(bitPattern: descriptor))
    emit(0)
  }

  /// In 64 bits, as for an address.
  public mutating func add(_ value: Int32, to register: Register) {
    emit(0x07, register, immediate: UInt32(bitPattern: value))
  }

  /// From memory into a register.
  public mutating func load(_ size: Size, at offset: Int16, of base: Register, into target: Register) {
    emit(0x61 | size.rawValue, target, base, offset: offset)
  }

  private mutating func emit(
    _ operation: UInt8, _ target: Register = .result, _ source: Register = .result, offset: Int16 = 0,
    immediate: UInt32 = 0
  ) {
    words.append(
      UInt64(operation) | UInt64(target.rawValue | source.rawValue << 4) << 8
        | UInt64(UInt16(bitPattern: offset)) << 16 | UInt64(immediate) << 32)
  }
}
