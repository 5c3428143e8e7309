/// What a flag's value is, and with it how it is written and checked.
public enum FlagKind: Sendable, Equatable {
  /// On or off; `--flag` alone means true.
  case bool
  /// Any text; the last one given counts.
  case string
  /// Any text; each one given is kept.
  case list
  /// As `list`, and each may hold several values between commas.
  case commaSeparated
  /// A signed 64-bit number, also in Go's `0x`, `0o` and `0b` spellings.
  case integer
  /// A number from 0 up to what fits into so many bits.
  case unsigned(bits: Int)
  /// A number of bytes with an optional unit (`k`, `m`, `g`, `t`, `p`), powers of 1024.
  case byteSize
  /// As `byteSize`, and `-1` for "without limit".
  case byteSizeOrUnlimited
  /// A decimal fraction with up to nine places.
  case decimal
  /// A length of time as Go writes it: `1m30s`.
  case duration
}

/// One flag of a command: its names, the form of its value, and what help says about it.
public struct FlagSpec: Sendable {
  public let long: String
  public let short: Character?
  public let kind: FlagKind
  /// The word that stands for the value in help.
  public let valueName: String
  public let defaultValue: String?
  public let help: String
  /// Understood, but left out of help and completion.
  public let isHidden: Bool
  /// What a reader should use instead, when the flag is out of date.
  public let deprecation: String?
  /// A further check of each value given: the complaint, or nil when the value is fine.
  public let complaint: (@Sendable (String) -> String?)?

  public init(
    _ long: String, _ short: Character?, _ kind: FlagKind, valueName: String? = nil, default value: String? = nil,
    _ help: String
  ) {
    self.init(
      long: long, short: short, kind: kind, valueName: valueName ?? FlagSpec.valueName(of: kind), defaultValue: value,
      help: help, isHidden: false, deprecation: nil, complaint: nil)
  }

  /// A flag without a short name.
  public init(
    _ long: String, _ kind: FlagKind, valueName: String? = nil, default value: String? = nil, _ help: String
  ) {
    self.init(long, nil, kind, valueName: valueName, default: value, help)
  }

  private init(
    long: String, short: Character?, kind: FlagKind, valueName: String, defaultValue: String?, help: String,
    isHidden: Bool, deprecation: String?, complaint: (@Sendable (String) -> String?)?
  ) {
    self.long = long
    self.short = short
    self.kind = kind
    self.valueName = valueName
    self.defaultValue = defaultValue
    self.help = help
    self.isHidden = isHidden
    self.deprecation = deprecation
    self.complaint = complaint
  }

  /// A flag that is on or off.
  public static func bool(_ long: String, _ short: Character?, default isOn: Bool = false, _ help: String) -> FlagSpec {
    FlagSpec(long, short, .bool, default: isOn ? "true" : nil, help)
  }

  /// A flag that is on or off.
  public static func bool(_ long: String, default isOn: Bool = false, _ help: String) -> FlagSpec {
    FlagSpec(long, nil, .bool, default: isOn ? "true" : nil, help)
  }

  /// A flag with one text.
  public static func string(_ long: String, _ short: Character?, default value: String? = nil, _ help: String)
    -> FlagSpec
  {
    FlagSpec(long, short, .string, default: value, help)
  }

  /// A flag with one text.
  public static func string(_ long: String, default value: String? = nil, _ help: String) -> FlagSpec {
    FlagSpec(long, nil, .string, default: value, help)
  }

  /// A flag that may be given several times.
  public static func list(_ long: String, _ short: Character?, valueName: String? = nil, _ help: String) -> FlagSpec {
    FlagSpec(long, short, .list, valueName: valueName, help)
  }

  /// A flag that may be given several times.
  public static func list(_ long: String, valueName: String? = nil, _ help: String) -> FlagSpec {
    FlagSpec(long, nil, .list, valueName: valueName, help)
  }

  /// A flag with a whole number.
  public static func integer(_ long: String, _ short: Character?, default value: String? = nil, _ help: String)
    -> FlagSpec
  {
    FlagSpec(long, short, .integer, default: value, help)
  }

  /// A flag with a whole number.
  public static func integer(_ long: String, default value: String? = nil, _ help: String) -> FlagSpec {
    FlagSpec(long, nil, .integer, default: value, help)
  }

  /// The same flag, left out of help and completion.
  public func hidden() -> FlagSpec {
    copy(isHidden: true, deprecation: deprecation, complaint: complaint)
  }

  /// The same flag, hidden, with a notice whenever it is used.
  public func deprecated(_ advice: String) -> FlagSpec {
    copy(isHidden: true, deprecation: advice, complaint: complaint)
  }

  /// The same flag with a check of each value: `complaint` returns what is wrong with it, or nil.
  public func checked(_ complaint: @escaping @Sendable (String) -> String?) -> FlagSpec {
    copy(isHidden: isHidden, deprecation: deprecation, complaint: complaint)
  }

  private func copy(
    isHidden: Bool, deprecation: String?, complaint: (@Sendable (String) -> String?)?
  ) -> FlagSpec {
    FlagSpec(
      long: long, short: short, kind: kind, valueName: valueName, defaultValue: defaultValue, help: help,
      isHidden: isHidden, deprecation: deprecation, complaint: complaint)
  }

  /// The flag as errors name it: `-m, --memory`.
  public var spelling: String {
    short.map { "-\($0), --\(long)" } ?? "--\(long)"
  }

  private static func valueName(of kind: FlagKind) -> String {
    switch kind {
    case .bool: ""
    case .string: "string"
    case .list: "list"
    case .commaSeparated: "strings"
    case .integer: "int"
    case .unsigned(let bits): bits == 64 ? "uint" : "uint\(bits)"
    case .byteSize, .byteSizeOrUnlimited: "bytes"
    case .decimal: "decimal"
    case .duration: "duration"
    }
  }

  /// What is wrong with a value, in the words of Go's `strconv` and of Docker's option types, or nil.
  func complaint(about value: String) -> String? {
    let own: String? =
      switch kind {
      case .bool: ValueSyntax.bool(value) == nil ? "strconv.ParseBool: parsing \"\(value)\": invalid syntax" : nil
      case .string, .list, .commaSeparated: nil
      case .integer: ValueSyntax.complaintAboutInteger(value)
      case .unsigned(let bits): ValueSyntax.complaintAboutUnsigned(value, bits: bits)
      case .byteSize: ValueSyntax.byteSize(value) == nil ? "invalid size: '\(value)'" : nil
      case .byteSizeOrUnlimited:
        value == "-1" || ValueSyntax.byteSize(value) != nil ? nil : "invalid size: '\(value)'"
      case .decimal: ValueSyntax.complaintAboutDecimal(value)
      case .duration: ValueSyntax.complaintAboutDuration(value)
      }
    return own ?? complaint?(value)
  }
}
