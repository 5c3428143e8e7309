import OCIRuntimeSpec
import SeccompFilter
import Testing

/// SECCOMP_RET_… values, linux/seccomp.h.
private enum Outcome {
  static let allow: UInt32 = 0x7FFF_0000
  static let killProcess: UInt32 = 0x8000_0000
  static func errno(_ number: UInt32) -> UInt32 { 0x0005_0000 | number }
}

@Suite struct FilterCompilerTests {
  private func outcome(
    _ program: FilterProgram, _ name: String, _ arguments: UInt64..., on architecture: FilterArchitecture = .x86_64
  ) throws -> UInt32? {
    let number = try #require(architecture.number(of: name))
    return FilterInterpreter.run(
      program, on: .init(number: number, architecture: architecture.auditArchitecture, arguments: arguments))
  }

  private func profile(_ rules: [LinuxSeccomp.Rule], architectures: [LinuxSeccomp.Architecture] = []) -> LinuxSeccomp {
    LinuxSeccomp(defaultAction: .errno, architectures: architectures, syscalls: rules)
  }

  /// Each operator against values on both sides of the bound, in the low and in the high word.
  @Test(arguments: LinuxSeccomp.Comparison.allCases)
  func argumentsAreComparedAs64Bits(_ operation: LinuxSeccomp.Comparison) throws {
    let bounds: [UInt64] = [0, 1, 5, 0xFFFF_FFFF, 0x1_0000_0000, 0x1_0000_0005, 0x8000_0000_0000_0000, .max]
    for bound in bounds {
      let mask: UInt64 = 0x8000_0001_0000_0005
      let masked = operation == .maskedEqual
      let condition = LinuxSeccomp.Argument(
        index: 3, value: masked ? mask : bound, valueTwo: masked ? bound : 0, op: operation)
      let program = try FilterCompiler.compile(
        profile([.init(names: ["read"], action: .allow, args: [condition])]), native: .x86_64)
      for value in bounds + [bound &+ 1, bound &- 1, bound ^ 0x1_0000_0000] {
        let holds: Bool =
          switch operation {
          case .equal: value == bound
          case .notEqual: value != bound
          case .less: value < bound
          case .lessOrEqual: value <= bound
          case .greater: value > bound
          case .greaterOrEqual: value >= bound
          case .maskedEqual: value & mask == bound
          }
        #expect(
          try outcome(program, "read", 0, 0, 0, value) == (holds ? Outcome.allow : Outcome.errno(1)),
          "\(value) \(operation) \(bound)")
      }
    }
  }

  @Test func conditionsOfOneRuleMustAllHoldAndRulesAreAlternatives() throws {
    let program = try FilterCompiler.compile(
      profile([
        .init(
          names: ["ioctl"], action: .allow,
          args: [.init(index: 0, value: 1, op: .equal), .init(index: 1, value: 2, op: .greater)]),
        .init(names: ["ioctl"], action: .errno, errnoRet: 22, args: [.init(index: 1, value: 9, op: .equal)]),
      ]), native: .x86_64)
    #expect(try outcome(program, "ioctl", 1, 3) == Outcome.allow)
    #expect(try outcome(program, "ioctl", 1, 2) == Outcome.errno(1))
    #expect(try outcome(program, "ioctl", 2, 3) == Outcome.errno(1))
    // The stricter of two that hold.
    #expect(try outcome(program, "ioctl", 1, 9) == Outcome.errno(22))
  }

  @Test func twoConditionsOnOneArgumentAreAlternatives() throws {
    let program = try FilterCompiler.compile(
      profile([
        .init(
          names: ["socket"], action: .allow,
          args: [.init(index: 0, value: 1, op: .equal), .init(index: 0, value: 2, op: .equal)])
      ]), native: .x86_64)
    for (family, expected) in [(1, Outcome.allow), (2, Outcome.allow), (3, Outcome.errno(1))] as [(UInt64, UInt32)] {
      #expect(try outcome(program, "socket", family) == expected)
    }
  }

  @Test func everyCallOfALongProfileHasItsOutcome() throws {
    let allowed = ["read", "write", "close", "openat", "mmap", "exit_group", "futex", "statx", "clone3", "brk"]
    for architectures in [[], [.x86], [.x86, .x32]] as [[LinuxSeccomp.Architecture]] {
      let program = try FilterCompiler.compile(
        profile([.init(names: allowed + ["not_a_call"], action: .allow)], architectures: architectures),
        native: .x86_64)
      for architecture in [FilterArchitecture.x86_64] + (architectures.isEmpty ? [] : [.x86]) {
        for number in UInt32(0)...600 {
          let call = FilterInterpreter.Call(number: number, architecture: architecture.auditArchitecture)
          let highest = allowed.compactMap { architecture.number(of: $0) }.max() ?? 0
          let isAllowed = allowed.contains { architecture.number(of: $0) == number }
          let expected = isAllowed ? Outcome.allow : Outcome.errno(number > highest ? 38 : 1)
          #expect(FilterInterpreter.run(program, on: call) == expected, "\(architecture) \(number)")
        }
      }
    }
  }

  @Test func architecturesThatAreNotNamedAreKilled() throws {
    let only64 = try FilterCompiler.compile(profile([.init(names: ["read"], action: .allow)]), native: .x86_64)
    #expect(try outcome(only64, "read", on: .x86_64) == Outcome.allow)
    for architecture in [FilterArchitecture.x86, .x32, .aarch64] {
      #expect(try outcome(only64, "read", on: architecture) == Outcome.killProcess)
    }
    let all = try FilterCompiler.compile(
      profile([.init(names: ["read"], action: .allow)], architectures: [.x86_64, .x86, .x32, .arm]), native: .x86_64)
    for architecture in [FilterArchitecture.x86_64, .x86, .x32] {
      #expect(try outcome(all, "read", on: architecture) == Outcome.allow)
    }
    #expect(try outcome(all, "read", on: .aarch64) == Outcome.killProcess)
  }

  @Test func jumpsReachOverLongTrees() throws {
    // Every second call has conditions, so that no ranges merge and the tree is longer than a jump reaches.
    let rules = ["read", "open", "stat", "lstat", "lseek", "mprotect", "brk", "ioctl", "access", "select", "mremap"]
      .map { name in
        LinuxSeccomp.Rule(
          names: [name], action: .allow,
          args: (0..<6).map { .init(index: $0, value: UInt64($0) << 33, op: .equal) })
      }
    let program = try FilterCompiler.compile(profile(rules), native: .x86_64)
    #expect(program.instructions.count > 255)
    #expect(try outcome(program, "mremap", 0, 1 << 33, 2 << 33, 3 << 33, 4 << 33, 5 << 33) == Outcome.allow)
    #expect(try outcome(program, "read", 0, 1 << 33, 2 << 33, 3 << 33, 4 << 33, 5 << 33) == Outcome.allow)
    #expect(try outcome(program, "read", 0, 1 << 33, 2 << 33, 3 << 33, 4 << 33, 5) == Outcome.errno(1))
    #expect(try outcome(program, "write") == Outcome.errno(1))
  }

  @Test(arguments: [
    LinuxSeccomp(defaultAction: .allow, defaultErrnoRet: 1),
    LinuxSeccomp(defaultAction: .notify),
    LinuxSeccomp(defaultAction: .allow, syscalls: [.init(names: [], action: .allow)]),
    LinuxSeccomp(defaultAction: .allow, syscalls: [.init(names: ["read"], action: .allow, errnoRet: 1)]),
    LinuxSeccomp(
      defaultAction: .allow,
      syscalls: [.init(names: ["read"], action: .errno, args: [.init(index: 6, value: 0, op: .equal)])]),
  ])
  func profilesThatMakeNoSenseAreRefused(_ profile: LinuxSeccomp) {
    #expect(throws: FilterCompiler.Failure.self) { try FilterCompiler.compile(profile) }
  }

  @Test(
    arguments: [
      (nil, 4), ([], 0), ([.log], 2), ([.log, .synchronizeThreads, .waitKillable], 0x23),
    ] as [([LinuxSeccomp.Flag]?, UInt32)])
  func flagsAreTheKernels(_ flags: [LinuxSeccomp.Flag]?, _ expected: UInt32) throws {
    #expect(try FilterCompiler.compile(LinuxSeccomp(defaultAction: .allow, flags: flags)).flags == expected)
  }

  @Test(arguments: [
    (FilterArchitecture.x86_64, "read", UInt32(0)), (.x86, "read", 3), (.aarch64, "read", 63),
    (.x86_64, "clone3", 435), (.x86, "socketcall", 102), (.x32, "read", 0x4000_0000), (.x32, "ioctl", 0x4000_0202),
    (.aarch64, "openat", 56), (.x86_64, "mseal", 462), (.x86, "umount", 22),
  ])
  func numbersAreTheKernels(_ architecture: FilterArchitecture, _ name: String, _ number: UInt32) {
    #expect(architecture.number(of: name) == number)
  }

  @Test(arguments: [(FilterArchitecture.aarch64, "open"), (.x86_64, "socketcall"), (.x86_64, ""), (.x86_64, "zzz")])
  func callsThatAnArchitectureLacksHaveNoNumber(_ architecture: FilterArchitecture, _ name: String) {
    #expect(architecture.number(of: name) == nil)
  }
}
