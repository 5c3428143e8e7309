import ClassicBPF
import OCIRuntimeSpec

/// Compiles a seccomp profile into one program of classic BPF.
///
/// The program looks at the architecture, then finds the call's number in a binary search tree whose leaves are
/// ranges of numbers with the same outcome. Of the rules for one call, those with conditions on arguments are tried
/// first; where several could decide, the stricter action does. The kernel compiles the program anew at every start of
/// a container, so a short one starts sooner.
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
    let rules = try ProfileRules(profile)
    var builder = ProgramBuilder(capacity: 1024)
    var next = ProgramBuilder.Target.outcome(Self.foreignOutcome)
    var entries: [ProgramBuilder.Target] = []
    for architecture in architectures where architecture != .x32 {
      let x32 =
        architecture == .x86_64 && architectures.contains(.x32)
        ? tree(.x32, rules, &builder) : .outcome(Self.foreignOutcome)
      builder.begin(with: tree(architecture, rules, &builder))
      if architecture == .x86_64 {
        builder.branch(BPFInstruction.jumpIfAtLeast, FilterArchitecture.x32Bit, then: x32, else: builder.here)
      }
      builder.emit(.load(offset: SeccompData.number))
      entries.append(builder.here)
    }
    let audited = architectures.filter { $0 != .x32 }
    for (architecture, entry) in zip(audited, entries).reversed() {
      builder.branch(BPFInstruction.jumpIfEqual, architecture.auditArchitecture, then: entry, else: next)
      next = builder.here
    }
    builder.emit(.load(offset: SeccompData.architecture))
    guard builder.count <= FilterProgram.maximumLength else {
      throw Failure(
        description: "the filter has \(builder.count) instructions, the kernel takes \(FilterProgram.maximumLength)")
    }
    return builder.program
  }

  // MARK: Code

  /// Numbers from `start` up to the next range's have the same outcome.
  private struct Range {
    let start: UInt32
    let leaf: Leaf
  }

  private enum Leaf: Equatable {
    case outcome(UInt32)
    /// Conditions decide: those of the call in this row of the table.
    case conditions(row: Int)
  }

  private func tree(
    _ architecture: FilterArchitecture, _ rules: ProfileRules, _ builder: inout ProgramBuilder
  ) -> ProgramBuilder.Target {
    let ranges = ranges(architecture, rules)
    return search(ranges, 0, ranges.count, rules, &builder)
  }

  private func ranges(_ architecture: FilterArchitecture, _ rules: ProfileRules) -> [Range] {
    let base = architecture == .x32 ? FilterArchitecture.x32Bit : 0
    let rows = rules.rowsByNumber(on: architecture)
    var ranges: [Range] = []
    ranges.reserveCapacity(256)
    func append(_ start: UInt32, _ leaf: Leaf) {
      if ranges.last?.leaf != leaf { ranges.append(Range(start: start, leaf: leaf)) }
    }
    for (number, row) in rows.enumerated() {
      let leaf: Leaf =
        if row < 0 {
          .outcome(defaultOutcome)
        } else if rules.calls[row].isConditional {
          .conditions(row: row)
        } else {
          .outcome(rules.calls[row].unconditional ?? defaultOutcome)
        }
      append(base + UInt32(number), leaf)
    }
    append(base + UInt32(rows.count), .outcome(outcomeOfNewerCalls))
    return ranges
  }

  /// A call with a higher number than any in the profile is one that its author did not know. Programs fall back to
  /// older calls when they meet ENOSYS, and give up when they meet EPERM.
  private var outcomeOfNewerCalls: UInt32 {
    profile.defaultAction == .errno ? Self.outcome(.errno, 38) : defaultOutcome
  }

  private func search(
    _ ranges: [Range], _ first: Int, _ end: Int, _ rules: ProfileRules, _ builder: inout ProgramBuilder
  ) -> ProgramBuilder.Target {
    if end - first == 1 { return code(ranges[first].leaf, rules, &builder) }
    let middle = (first + end) / 2
    let high = search(ranges, middle, end, rules, &builder)
    let low = search(ranges, first, middle, rules, &builder)
    builder.branch(BPFInstruction.jumpIfAtLeast, ranges[middle].start, then: high, else: low)
    return builder.here
  }

  private func code(
    _ leaf: Leaf, _ rules: ProfileRules, _ builder: inout ProgramBuilder
  ) -> ProgramBuilder.Target {
    switch leaf {
    case .outcome(let outcome): return .outcome(outcome)
    case .conditions(let row):
      var next = ProgramBuilder.Target.outcome(rules.calls[row].unconditional ?? defaultOutcome)
      var rest = rules.conditions(ofRow: row)[...]
      while let last = rest.popLast() {
        emit(last, &rest, otherwise: next, &builder)
        next = builder.here
      }
      return next
    }
  }

  /// Writes the code of one rule, and of those before it that ask the same argument for another value.
  private func emit(
    _ condition: ProfileRules.Condition, _ rest: inout ArraySlice<ProfileRules.Condition>,
    otherwise next: ProgramBuilder.Target, _ builder: inout ProgramBuilder
  ) {
    var match = ProgramBuilder.Target.outcome(condition.outcome)
    if condition.arguments.count == 1, condition.arguments[0].op == .equal {
      var words = [condition.arguments[0].value.lowWord]
      while let other = rest.last, other.isAlternative(to: condition) {
        words.append(other.arguments[0].value.lowWord)
        rest.removeLast()
      }
      return builder.test(condition.arguments[0], lowWords: words, then: match, else: next)
    }
    for argument in condition.arguments.reversed() {
      builder.test(argument, then: match, else: next)
      match = builder.here
    }
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
