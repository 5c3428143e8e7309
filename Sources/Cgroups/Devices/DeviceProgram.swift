/// The rules about devices as a program for cgroup v2. bpf-helpers(7); struct bpf_cgroup_dev_ctx of linux/bpf.h.
///
/// The last rule that matches decides, for each of read, write and mknod alone. So the program goes through the rules
/// from the last to the first with the set of accesses that are still open: a rule that allows takes its own out, one
/// that denies ends the program if it meets any.
struct DeviceProgram: Sendable, Equatable {
  /// struct bpf_insn: operation 8 bits, destination 4, source 4, offset 16, immediate 32.
  private(set) var instructions: [UInt64] = []

  private enum Register {
    static let (result, context, open, kind, major, minor): (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (
      0, 1, 2, 3, 4, 5
    )
  }

  /// Operations of the kernel's instruction set, on immediates unless they say otherwise.
  /// Documentation/bpf/standardization/instruction-set.rst.
  private enum Operation {
    static let (load, moveRegister, move): (UInt8, UInt8, UInt8) = (0x61, 0xbc, 0xb4)
    static let (and, shiftRight): (UInt8, UInt8) = (0x54, 0x74)
    static let (jump, jumpIfNot, jumpIfAny, exit): (UInt8, UInt8, UInt8, UInt8) = (0x05, 0x56, 0x46, 0x95)
  }

  init(_ rules: [DeviceAccess]) {
    // access_type holds the kind of device below and the access above 16 bits.
    emit(Operation.load, Register.open, Register.context, offset: 0)
    emit(Operation.moveRegister, Register.kind, Register.open)
    emit(Operation.and, Register.kind, immediate: 0xffff)
    emit(Operation.shiftRight, Register.open, immediate: 16)
    emit(Operation.load, Register.major, Register.context, offset: 4)
    emit(Operation.load, Register.minor, Register.context, offset: 8)
    for rule in rules.reversed() { emit(rule) }
    emitExit(0)
  }

  private mutating func emit(_ rule: DeviceAccess) {
    let mask = Self.mask(rule.access)
    // What is jumped over when the rule does not match: known only once the rest is written.
    var body = DeviceProgram()
    if rule.allow {
      body.emit(Operation.and, Register.open, immediate: Int32(bitPattern: ~mask))
      body.emit(Operation.jumpIfNot, Register.open, offset: 2, immediate: 0)
      body.emitExit(1)
    } else {
      // There is a jump for "any of these bits" and none for "none of them": so over the jump that skips the exit.
      body.emit(Operation.jumpIfAny, Register.open, offset: 1, immediate: Int32(bitPattern: mask))
      body.emit(Operation.jump, offset: 2)
      body.emitExit(0)
    }
    var tests: [(register: UInt8, value: UInt32)] = []
    if let kind = Self.kind(rule.kind) { tests.append((Register.kind, kind)) }
    if let major = rule.major { tests.append((Register.major, major)) }
    if let minor = rule.minor { tests.append((Register.minor, minor)) }
    for (index, test) in tests.enumerated() {
      let distance = tests.count - index - 1 + body.instructions.count
      emit(Operation.jumpIfNot, test.register, offset: Int16(distance), immediate: Int32(bitPattern: test.value))
    }
    instructions += body.instructions
  }

  private init() {}

  private mutating func emitExit(_ value: Int32) {
    emit(Operation.move, Register.result, immediate: value)
    emit(Operation.exit)
  }

  private mutating func emit(
    _ operation: UInt8, _ destination: UInt8 = 0, _ source: UInt8 = 0, offset: Int16 = 0, immediate: Int32 = 0
  ) {
    instructions.append(
      UInt64(operation) | UInt64(destination | source << 4) << 8 | UInt64(UInt16(bitPattern: offset)) << 16
        | UInt64(UInt32(bitPattern: immediate)) << 32)
  }

  /// BPF_DEVCG_ACC_MKNOD, …READ, …WRITE.
  private static func mask(_ access: String) -> UInt32 {
    access.reduce(0) { $0 | ($1 == "m" ? 1 : $1 == "r" ? 2 : 4) }
  }

  /// BPF_DEVCG_DEV_BLOCK, …CHAR.
  private static func kind(_ kind: DeviceAccess.Kind) -> UInt32? {
    switch kind {
    case .all: nil
    case .block: 1
    case .character: 2
    }
  }
}
