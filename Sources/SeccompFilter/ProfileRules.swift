import OCIRuntimeSpec

/// The rules of a profile by call.
struct ProfileRules {
  /// What the profile says about one call.
  struct Call {
    var unconditional: UInt32?
    var isConditional = false

    var isNamed: Bool { unconditional != nil || isConditional }
  }

  /// An outcome that needs all of these to hold.
  struct Condition {
    let row: Int
    let arguments: [LinuxSeccomp.Argument]
    let outcome: UInt32

    /// Whether both only ask whether the same argument is some value, with the same outcome, and the values have the
    /// same high word.
    func isAlternative(to other: Condition) -> Bool {
      guard arguments.count == 1, other.arguments.count == 1, outcome == other.outcome else { return false }
      let (mine, others) = (arguments[0], other.arguments[0])
      return mine.op == .equal && others.op == .equal && mine.index == others.index
        && mine.value.highWord == others.value.highWord
    }
  }

  /// By row of `SystemCall.table`.
  private(set) var calls = [Call](repeating: Call(), count: SystemCall.table.count)
  /// In the order of the profile.
  private var conditions: [Condition] = []

  init(_ profile: LinuxSeccomp) throws(FilterCompiler.Failure) {
    for rule in profile.syscalls {
      try Self.check(rule)
      let outcome = FilterCompiler.outcome(rule.action, rule.errnoRet)
      let alternatives = Self.hasAlternatives(rule.args)
      for name in rule.names {
        guard let row = SystemCall.row(of: name) else { continue }
        if rule.args.isEmpty {
          setUnconditional(outcome, row)
        } else if alternatives {
          // Two conditions on one argument are alternatives: so libseccomp's users read them, and profiles rely on it.
          for argument in rule.args { add(Condition(row: row, arguments: [argument], outcome: outcome)) }
        } else {
          add(Condition(row: row, arguments: rule.args, outcome: outcome))
        }
      }
    }
  }

  private static func check(_ rule: LinuxSeccomp.Rule) throws(FilterCompiler.Failure) {
    func refuse(_ reason: String) -> FilterCompiler.Failure { FilterCompiler.Failure(description: reason) }
    if rule.names.isEmpty { throw refuse("a rule names no system call") }
    if rule.errnoRet != nil, rule.action != .errno, rule.action != .trace {
      throw refuse("errnoRet is given for \(rule.action.rawValue) of \(rule.names[0])")
    }
    if let wrong = rule.args.first(where: { $0.index > 5 }) {
      throw refuse("\(rule.names[0]) has no argument \(wrong.index)")
    }
  }

  private static func hasAlternatives(_ arguments: [LinuxSeccomp.Argument]) -> Bool {
    var seen: UInt32 = 0
    for argument in arguments {
      if seen & 1 << argument.index != 0 { return true }
      seen |= 1 << argument.index
    }
    return false
  }

  private mutating func setUnconditional(_ outcome: UInt32, _ row: Int) {
    if let other = calls[row].unconditional, !Self.isStricter(outcome, other) { return }
    calls[row].unconditional = outcome
  }

  private mutating func add(_ condition: Condition) {
    calls[condition.row].isConditional = true
    conditions.append(condition)
  }

  /// The conditions of one call, the strictest outcome first.
  func conditions(ofRow row: Int) -> [Condition] {
    var found: [Condition] = []
    for condition in conditions where condition.row == row {
      let place = found.firstIndex { Self.isStricter(condition.outcome, $0.outcome) } ?? found.count
      found.insert(condition, at: place)
    }
    return found
  }

  /// The rows of the calls that the profile names, at the index that is their number on an architecture, x32 without
  /// its bit; -1 where it names none. Ends with the highest.
  func rowsByNumber(on architecture: FilterArchitecture) -> [Int] {
    var rows: [Int] = []
    for row in calls.indices where calls[row].isNamed {
      guard let number = architecture.number(of: SystemCall.table[row]) else { continue }
      let index = Int(number & ~FilterArchitecture.x32Bit)
      if index >= rows.count { rows.append(contentsOf: repeatElement(-1, count: index + 1 - rows.count)) }
      rows[index] = row
    }
    return rows
  }

  /// The kernel's own order of precedence: the action's signed value, the lowest first. seccomp(2).
  private static func isStricter(_ left: UInt32, _ right: UInt32) -> Bool {
    Int32(bitPattern: left & 0xFFFF_0000) < Int32(bitPattern: right & 0xFFFF_0000)
  }
}
