import ExtendedBPF

/// The rules about devices as a program for cgroup v2. bpf-helpers(7); struct bpf_cgroup_dev_ctx of linux/bpf.h.
///
/// The last rule that matches decides, for each of read, write and mknod alone. So the program goes through the rules
/// from the last to the first with the set of accesses that are still open: a rule that allows takes its own out, one
/// that denies ends the program if it meets any.
struct DeviceProgram: Sendable {
  private var program = ExtendedProgram()

  var instructions: [UInt64] { program.instructions }

  private enum Register {
    static let (context, open, kind, major, minor):
      (
        ExtendedProgram.Register, ExtendedProgram.Register, ExtendedProgram.Register, ExtendedProgram.Register,
        ExtendedProgram.Register
      ) = (.first, .second, .third, .fourth, .fifth)
  }

  init(_ rules: [DeviceAccess]) {
    // access_type holds the kind of device below and the access above 16 bits.
    program.load(.word, at: 0, of: Register.context, into: Register.open)
    program.copy(Register.open, to: Register.kind)
    program.apply(.and, to: Register.kind, 0xffff)
    program.apply(.shiftRight, to: Register.open, 16)
    program.load(.word, at: 4, of: Register.context, into: Register.major)
    program.load(.word, at: 8, of: Register.context, into: Register.minor)
    for rule in rules.reversed() { write(rule) }
    program.exit(0)
  }

  private mutating func write(_ rule: DeviceAccess) {
    let next = program.label()
    let tests = [
      (Register.kind, Self.kind(rule.kind)), (Register.major, rule.major), (Register.minor, rule.minor),
    ]
    for case (let register, let value?) in tests { program.jump(to: next, if: register, .isNotWord, value) }
    let mask = Self.mask(rule.access)
    if rule.allow {
      program.apply(.and, to: Register.open, ~mask)
      program.jump(to: next, if: Register.open, .isNotWord, 0)
      program.exit(1)
    } else {
      // There is a jump for "any of these bits" and none for "none of them": so over the jump that skips the exit.
      let denied = program.label()
      program.jump(to: denied, if: Register.open, .hasAnyOfWord, mask)
      program.jump(to: next)
      program.set(denied)
      program.exit(0)
    }
    program.set(next)
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
