import OCIRuntimeSpec

/// Compiles a seccomp profile into one program of classic BPF.
///
/// The program looks at the architecture, then finds the call's number in a binary search tree whose leaves are
/// ranges of numbers with the same outcome. Of the rules for one call, those with conditions on arguments are tried
/// first; where several could decide, the stricter action does.
public struct FilterCompiler {
  /// Why a profile cannot be compiled.
  public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
  }

  private let profile: LinuxSeccomp
  private let architectures: [FilterArchitecture]
  private let defaultOutcome: UInt32

  /// What a call from an architecture that the profile does not name meets. SECCOMP_RET_KILL_PROCESS.
  private static let foreignOutcome: UInt32 = 0x8000_0000

  /// Compiles `profile`. Names of calls that no architecture has are skipped: profiles name calls of newer kernels.
  /// Of the profile's architectures, those that cannot run on `native` have no code in the program.
  ///
  /// Throws: `Failure` for a rule that makes no sense or a program that is too long for the kernel.
  public static func compile(
    _ profile: LinuxSeccomp, native: FilterArchitecture = .native
  ) throws(Failure) -> FilterProgram {
    let instructions = try FilterCompiler(profile, native: native).instructions()
    return FilterProgram(instructions: instructions, flags: flags(of: profile))
  }

  private init(_ profile: LinuxSeccomp, native: FilterArchitecture) throws(Failure) {
    self.profile = profile
    if profile.defaultErrnoRet != nil, profile.defaultAction != .errno, profile.defaultAction != .trace {
      throw Failure(description: "defaultErrnoRet is given for \(profile.defaultAction.rawValue)")
    }
    if profile.defaultAction == .notify {
      throw Failure(description: "SCMP_ACT_NOTIFY cannot be the default action")
    }
    defaultOutcome = Self.outcome(profile.defaultAction, profile.defaultErrnoRet)
    let named = profile.architectures.compactMap { FilterArchitecture($0) }
    let family: [FilterArchitecture] = native == .aarch64 ? [.aarch64] : [.x86_64, .x86, .x32]
    // The machine's own architecture is always in: a profile without it would only forbid the program to start.
    architectures = family.filter { $0 == native || named.contains($0) }
  }

  private func instructions() throws(Failure) -> [BPFInstruction] {
    let rules = try resolveRules()
    var program: [BPFInstruction] = [.load(offset: SeccompData.architecture)]
    for architecture in architectures where architecture != .x32 {
      var block: [BPFInstruction] = [.load(offset: SeccompData.number)]
      if architecture == .x86_64 {
        let x32 = architectures.contains(.x32) ? tree(.x32, rules) : [.finish(Self.foreignOutcome)]
        block += Self.branch(atLeast: FilterArchitecture.x32Bit, then: x32, else: tree(architecture, rules))
      } else {
        block += tree(architecture, rules)
      }
      program.append(
        .init(
          code: BPFInstruction.jumpIfEqual, jumpTrue: 1, operand: architecture.auditArchitecture))
      program.append(.skip(block.count))
      program += block
    }
    program.append(.finish(Self.foreignOutcome))
    guard program.count <= FilterProgram.maximumLength else {
      throw Failure(
        description: "the filter has \(program.count) instructions, the kernel takes \(FilterProgram.maximumLength)")
    }
    return program
  }

  // MARK: Rules

  /// What the profile says about one call.
  private struct CallRules {
    var conditional: [(arguments: [LinuxSeccomp.Argument], outcome: UInt32)] = []
    var unconditional: UInt32?
  }

  private struct ResolvedRule {
    let call: SystemCall
    let rules: CallRules
  }

  private func resolveRules() throws(Failure) -> [ResolvedRule] {
    var order: [SystemCall] = []
    var byName: [String: CallRules] = [:]
    byName.reserveCapacity(512)
    for rule in profile.syscalls {
      if rule.names.isEmpty { throw Failure(description: "a rule names no system call") }
      if rule.errnoRet != nil, rule.action != .errno, rule.action != .trace {
        throw Failure(description: "errnoRet is given for \(rule.action.rawValue) of \(rule.names[0])")
      }
      if let wrong = rule.args.first(where: { $0.index > 5 }) {
        throw Failure(description: "\(rule.names[0]) has no argument \(wrong.index)")
      }
      let outcome = Self.outcome(rule.action, rule.errnoRet)
      for name in rule.names {
        guard let call = SystemCall.named(name) else { continue }
        if byName[name] == nil { order.append(call) }
        Self.add(rule.args, outcome, to: &byName[name, default: CallRules()])
      }
    }
    return order.map { call in
      var rules = byName[call.name] ?? CallRules()
      rules.conditional.sort { Self.isStricter($0.outcome, $1.outcome) }
      return ResolvedRule(call: call, rules: rules)
    }
  }

  private static func add(_ arguments: [LinuxSeccomp.Argument], _ outcome: UInt32, to rules: inout CallRules) {
    if arguments.isEmpty {
      if let other = rules.unconditional, !isStricter(outcome, other) { return }
      rules.unconditional = outcome
    } else if Set(arguments.map(\.index)).count < arguments.count {
      // Two conditions on one argument are alternatives: so libseccomp's users read them, and profiles rely on it.
      for argument in arguments { rules.conditional.append(([argument], outcome)) }
    } else {
      rules.conditional.append((arguments, outcome))
    }
  }

  /// The kernel's own order of precedence: the action's signed value, the lowest first. seccomp(2).
  private static func isStricter(_ left: UInt32, _ right: UInt32) -> Bool {
    Int32(bitPattern: left & 0xFFFF_0000) < Int32(bitPattern: right & 0xFFFF_0000)
  }

  // MARK: Code

  /// Numbers from `start` up to the next range's have the same outcome.
  private struct Range {
    let start: UInt32
    let code: [BPFInstruction]
  }

  private func tree(_ architecture: FilterArchitecture, _ rules: [ResolvedRule]) -> [BPFInstruction] {
    let calls = rules.compactMap { rule in
      architecture.number(of: rule.call).map { (number: $0, code: code(for: rule.rules)) }
    }.sorted { $0.number < $1.number }
    let base = architecture == .x32 ? FilterArchitecture.x32Bit : 0
    var ranges = [Range(start: base, code: [.finish(defaultOutcome)])]
    var next = base
    for (number, code) in calls where number >= next {
      if number > next { Self.append(Range(start: next, code: [.finish(defaultOutcome)]), to: &ranges) }
      Self.append(Range(start: number, code: code), to: &ranges)
      next = number + 1
    }
    Self.append(Range(start: next, code: [.finish(outcomeOfNewerCalls)]), to: &ranges)
    return Self.search(ranges[...])
  }

  /// A call with a higher number than any in the profile is one that its author did not know. Programs fall back to
  /// older calls when they meet ENOSYS, and give up when they meet EPERM.
  private var outcomeOfNewerCalls: UInt32 {
    profile.defaultAction == .errno ? Self.outcome(.errno, 38) : defaultOutcome
  }

  private static func append(_ range: Range, to ranges: inout [Range]) {
    if let last = ranges.last {
      if last.start == range.start { ranges.removeLast() }
      if let last = ranges.last, last.code == range.code { return }
    }
    ranges.append(range)
  }

  private static func search(_ ranges: ArraySlice<Range>) -> [BPFInstruction] {
    if ranges.count == 1, let only = ranges.first { return only.code }
    let middle = ranges.startIndex + ranges.count / 2
    return branch(
      atLeast: ranges[middle].start, then: search(ranges[middle...]), else: search(ranges[..<middle]))
  }

  /// A conditional jump reaches 255 instructions; beyond that it goes by way of an unconditional one.
  private static func branch(
    atLeast value: UInt32, then high: [BPFInstruction], else low: [BPFInstruction]
  ) -> [BPFInstruction] {
    let code = BPFInstruction.jumpIfAtLeast
    if low.count <= 255 {
      return [.init(code: code, jumpTrue: UInt8(low.count), operand: value)] + low + high
    }
    return [.init(code: code, jumpFalse: 1, operand: value), .skip(low.count)] + low + high
  }

  private func code(for rules: CallRules) -> [BPFInstruction] {
    var code: [BPFInstruction] = []
    for (arguments, outcome) in rules.conditional {
      code += ArgumentTest.code(for: arguments, outcome: outcome)
    }
    code.append(.finish(rules.unconditional ?? defaultOutcome))
    return code
  }

  // MARK: Numbers

  /// SECCOMP_RET_… with its data, linux/seccomp.h.
  static func outcome(_ action: LinuxSeccomp.Action, _ data: UInt32?) -> UInt32 {
    let operationNotPermitted: UInt32 = 1
    return switch action {
    case .kill, .killThread: 0
    case .killProcess: 0x8000_0000
    case .trap: 0x0003_0000
    case .errno: 0x0005_0000 | (data ?? operationNotPermitted) & 0xFFFF
    case .notify: 0x7FC0_0000
    case .trace: 0x7FF0_0000 | (data ?? operationNotPermitted) & 0xFFFF
    case .log: 0x7FFC_0000
    case .allow: 0x7FFF_0000
    }
  }

  /// Without the property speculation is allowed, as in runc; an empty list means no flag.
  private static func flags(of profile: LinuxSeccomp) -> UInt32 {
    let flags = profile.flags ?? [.allowSpeculation]
    return flags.reduce(0) { $0 | $1.bit }
  }
}

extension LinuxSeccomp.Flag {
  /// SECCOMP_FILTER_FLAG_…, linux/seccomp.h.
  fileprivate var bit: UInt32 {
    switch self {
    case .synchronizeThreads: 1 << 0
    case .log: 1 << 1
    case .allowSpeculation: 1 << 2
    case .waitKillable: 1 << 5
    }
  }
}
