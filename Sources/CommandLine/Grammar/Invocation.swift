/// What somebody asked a program to do, checked against the table of its commands.
public struct Invocation: Sendable {
  /// The canonical names from the program down to the command: `["apus", "container", "ls"]`.
  public let path: [String]
  public let spec: CommandSpec
  /// The program's own flags, given before the command.
  public let globals: FlagValues
  /// The command's flags.
  public let flags: FlagValues
  public let arguments: [String]
  /// Notices about deprecated spellings, to be shown on standard error.
  public let notices: [String]

  /// The command as its user would type it: `apus container ls`.
  public var commandPath: String { path.joined(separator: " ") }
}

/// The flags given to one command. Reading a flag that the command does not have is a bug and stops the program.
public struct FlagValues: Sendable {
  private let specs: [FlagSpec]
  private var given: [String: [String]] = [:]

  init(_ specs: [FlagSpec]) {
    self.specs = specs
  }

  mutating func add(_ value: String, to flag: FlagSpec) {
    switch flag.kind {
    case .list: given[flag.long, default: []].append(value)
    case .commaSeparated:
      given[flag.long, default: []] += value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    default: given[flag.long] = [value]
    }
  }

  private func spec(_ name: String) -> FlagSpec {
    guard let spec = specs.first(where: { $0.long == name }) else {
      preconditionFailure("the command has no flag --\(name)")
    }
    return spec
  }

  private func last(_ name: String) -> String? {
    given[name]?.last ?? spec(name).defaultValue
  }

  /// Whether the flag was given at all.
  public func isSet(_ name: String) -> Bool {
    given[spec(name).long] != nil
  }

  public func bool(_ name: String) -> Bool {
    last(name).flatMap(ValueSyntax.bool) ?? false
  }

  /// The text given last, or the flag's default.
  public func string(_ name: String) -> String? {
    last(name)
  }

  /// All texts given, in order.
  public func strings(_ name: String) -> [String] {
    given[name] ?? spec(name).defaultValue.map { [$0] } ?? []
  }

  /// The value of an `integer` or `unsigned` flag.
  public func integer(_ name: String) -> Int64? {
    last(name).flatMap(ValueSyntax.integer)
  }

  /// The value of a `byteSize` flag in bytes; -1 for "without limit".
  public func byteSize(_ name: String) -> Int64? {
    last(name).flatMap { $0 == "-1" ? -1 : ValueSyntax.byteSize($0) }
  }

  /// The value of a `decimal` flag in billionths.
  public func billionths(_ name: String) -> Int64? {
    last(name).flatMap(ValueSyntax.billionths)
  }

  /// The value of a `duration` flag in nanoseconds.
  public func nanoseconds(_ name: String) -> Int64? {
    last(name).flatMap(ValueSyntax.nanoseconds)
  }
}
