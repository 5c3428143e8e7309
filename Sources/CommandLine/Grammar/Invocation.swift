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

/// The flags given to one command. Reading a flag that the command does not have is a bug, at which a debug build stops.
///
/// A command has up to a hundred flags and reads them all, but few are given: so what is given, and what has a default,
/// are short lists to look through.
public struct FlagValues: Sendable {
  private struct Entry {
    let name: String
    var values: [String]
  }

  private let specs: [FlagSpec]
  private var given: [Entry] = []
  private var defaults: [Entry] = []

  init(_ specs: [FlagSpec]) {
    self.specs = specs
    for spec in specs {
      if let value = spec.defaultValue { defaults.append(Entry(name: spec.long, values: [value])) }
    }
  }

  mutating func add(_ value: String, to flag: FlagSpec) {
    let known = given.firstIndex { $0.name == flag.long }
    let index = known ?? given.count
    if known == nil { given.append(Entry(name: flag.long, values: [])) }
    switch flag.kind {
    case .list: given[index].values.append(value)
    case .commaSeparated:
      given[index].values += value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    default: given[index].values = [value]
    }
  }

  /// What was given, else the default; empty when there is neither.
  private func values(_ name: String) -> [String] {
    assert(specs.contains { $0.long == name }, "the command has no flag --\(name)")
    for entry in given where entry.name == name { return entry.values }
    for entry in defaults where entry.name == name { return entry.values }
    return []
  }

  private func last(_ name: String) -> String? {
    values(name).last
  }

  /// Whether the flag was given at all.
  public func isSet(_ name: String) -> Bool {
    assert(specs.contains { $0.long == name }, "the command has no flag --\(name)")
    return given.contains { $0.name == name }
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
    values(name)
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
