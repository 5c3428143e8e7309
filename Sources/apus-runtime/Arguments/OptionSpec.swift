/// One option of the command line, by the names that runc gives it.
struct OptionSpec: Sendable {
  enum Kind: Sendable {
    /// Present or not; `--name=false` is allowed.
    case flag
    case value
    /// A value that may be given several times.
    case list
  }

  let name: String
  let short: Character?
  let kind: Kind
  let help: String

  static func flag(_ name: String, _ short: Character?, _ help: String) -> OptionSpec {
    OptionSpec(name: name, short: short, kind: .flag, help: help)
  }

  static func value(_ name: String, _ short: Character?, _ help: String) -> OptionSpec {
    OptionSpec(name: name, short: short, kind: .value, help: help)
  }

  static func list(_ name: String, _ short: Character?, _ help: String) -> OptionSpec {
    OptionSpec(name: name, short: short, kind: .list, help: help)
  }

  static func flag(_ name: String, _ help: String) -> OptionSpec { .flag(name, nil, help) }
  static func value(_ name: String, _ help: String) -> OptionSpec { .value(name, nil, help) }
  static func list(_ name: String, _ help: String) -> OptionSpec { .list(name, nil, help) }
}
