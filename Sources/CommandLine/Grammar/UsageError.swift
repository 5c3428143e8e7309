/// A command line that does not fit the table, with the text and the exit status that Docker's CLI gives for it.
public struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, one line.
  public let message: String
  /// The usage line of the command concerned, without `Usage:`.
  public let usage: String?
  /// Where to read more: `Run 'apus run --help' for more information`.
  public let hint: String
  /// 125 for a wrong flag, 1 for a wrong command or number of arguments.
  public let exitStatus: Int32
  /// The words behind the program's name, when they are no command that the table has.
  public var unknownCommand: [String]?

  public var description: String {
    let usageLine = usage.map { "\n\nUsage:  \($0)" } ?? ""
    return "\(message)\(usageLine)\n\n\(hint)"
  }

  static func flag(_ message: String, path: [String], spec: CommandSpec) -> UsageError {
    let name = path.joined(separator: " ")
    return UsageError(
      message: message, usage: usageLine(name: name, spec: spec), hint: "Run '\(name) --help' for more information",
      exitStatus: 125)
  }

  static func argumentCount(_ complaint: String, path: [String], spec: CommandSpec) -> UsageError {
    let name = path.joined(separator: " ")
    let program = path.first ?? name
    return UsageError(
      message: "\(program): '\(name)' \(complaint)", usage: usageLine(name: name, spec: spec),
      hint: "Run '\(name) --help' for more information", exitStatus: 1)
  }

  static func unknownCommand(_ word: String, path: [String], spec: CommandSpec) -> UsageError {
    let name = path.joined(separator: " ")
    let program = path.first ?? name
    var error = UsageError(
      message: "\(program): unknown command: \(name) \(word)",
      usage: path.count > 1 ? usageLine(name: name, spec: spec) : nil,
      hint: "Run '\(name) --help' for more information", exitStatus: 1)
    error.unknownCommand = path.dropFirst() + [word]
    return error
  }

  private static func usageLine(name: String, spec: CommandSpec) -> String {
    spec.usage.isEmpty ? name : "\(name) \(spec.usage)"
  }
}
