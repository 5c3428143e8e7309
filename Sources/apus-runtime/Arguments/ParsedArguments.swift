import Diagnostics

/// A part of the command line, read by a table of options: the grammar of runc, in which options end at the first word
/// that is none, and one hyphen does as well as two.
struct ParsedArguments {
  /// The options as they were given, each with the value at the same index.
  private var names: [String] = []
  private var values: [String] = []
  /// What follows the options.
  private(set) var words: [String] = []

  /// Throws: `invalid` for an option that is not in the table, and for a value that is missing.
  init(_ arguments: some Sequence<String>, options: [OptionSpec]) throws {
    var rest = Array(arguments)[...]
    while let argument = rest.first {
      guard argument.hasPrefix("-"), argument != "-" else { break }
      rest.removeFirst()
      if argument == "--" { break }
      try read(argument.drop { $0 == "-" }, options, &rest)
    }
    words = Array(rest)
  }

  private mutating func read(_ text: Substring, _ options: [OptionSpec], _ rest: inout ArraySlice<String>) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let option = options.first(where: { $0.name == name || $0.short.map(String.init) == name }) else {
      throw ClassifiedError(.invalid, "flag provided but not defined: -\(name)")
    }
    let value: String
    if parts.count == 2 {
      value = String(parts[1])
    } else if option.kind == .flag {
      value = "true"
    } else if let next = rest.popFirst() {
      value = next
    } else {
      throw ClassifiedError(.invalid, "flag needs an argument: -\(name)")
    }
    if option.kind == .flag, !["true", "false", "1", "0"].contains(value) {
      throw ClassifiedError(.invalid, "invalid boolean value \"\(value)\" for -\(name)")
    }
    names.append(option.name)
    values.append(value)
  }

  subscript(_ name: String) -> String? { names.lastIndex(of: name).map { values[$0] } }

  func isSet(_ name: String) -> Bool { ["true", "1"].contains(self[name]) }

  func all(_ name: String) -> [String] { names.indices.filter { names[$0] == name }.map { values[$0] } }

  /// A value that must be an integer.
  func integer<Number: FixedWidthInteger>(_ name: String, as: Number.Type = Number.self) throws -> Number? {
    guard let text = self[name] else { return nil }
    guard let number = Number(text) else {
      throw ClassifiedError(.invalid, "invalid value \"\(text)\" for -\(name): not an integer")
    }
    return number
  }

  /// The words, which must be as many as `range` says.
  func words(_ range: ClosedRange<Int>, usage: String) throws -> [String] {
    guard range.contains(words.count) else {
      throw ClassifiedError(.invalid, "wrong number of arguments", advice: "usage: apus-runtime \(usage)")
    }
    return words
  }
}
