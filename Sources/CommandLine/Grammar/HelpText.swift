/// The help of one command, laid out as Docker's.
public enum HelpText {
  /// The whole text, with a line feed at its end.
  ///
  /// `path` are the names from the program down to the command; `columns` is the terminal's width.
  public static func render(path: [String], spec: CommandSpec, columns: Int = 80) -> String {
    let name = path.joined(separator: " ")
    let isProgram = path.count == 1
    var parts = ["Usage:  \(name) \(spec.usage)".trimmingTrailingBlanks(), spec.summary]
    if spec.spellings.count > 1, let program = path.first {
      parts.append("Aliases:\n  " + spec.spellings.map { "\(program) \($0)" }.joined(separator: ", "))
    }
    let flags = spec.listedFlags
    if !isProgram, !flags.isEmpty { parts.append("Options:\n" + render(flags, columns: columns)) }
    parts += sections(of: spec.subcommands)
    if isProgram, !flags.isEmpty {
      parts.append((spec.isGroup ? "Global Options:\n" : "Options:\n") + render(flags, columns: columns))
    }
    if spec.isGroup { parts.append("Run '\(name) COMMAND --help' for more information on a command.") }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static func sections(of commands: [CommandSpec]) -> [String] {
    let width = commands.map(\.name.count).max() ?? 0
    var headings: [String] = []
    var lines: [String: [String]] = [:]
    for command in commands {
      let heading = command.section ?? "Commands"
      if lines[heading] == nil { headings.append(heading) }
      lines[heading, default: []].append("  \(command.name.padded(to: max(width, 11)))  \(command.headline)")
    }
    return headings.map { "\($0):\n" + (lines[$0] ?? []).joined(separator: "\n") }
  }

  private static func render(_ flags: [FlagSpec], columns: Int) -> String {
    let heads = flags.map { flag in
      let short = flag.short.map { "  -\($0), " } ?? "      "
      return "\(short)--\(flag.long)" + (flag.valueName.isEmpty ? "" : " \(flag.valueName)")
    }
    let indent = (heads.map(\.count).max() ?? 0) + 3
    return zip(heads, flags).map { head, flag in
      head.padded(to: indent) + wrap(description(of: flag), indent: indent, columns: columns)
    }.joined(separator: "\n")
  }

  private static func description(of flag: FlagSpec) -> String {
    guard let value = flag.defaultValue else { return flag.help }
    let isText = flag.kind == .string || flag.kind == .list
    return flag.help + (isText ? " (default \"\(value)\")" : " (default \(value))")
  }

  /// Breaks a text at blanks so that it stands right of `indent`; a few columns stay free, so that a last short word
  /// need not have a line of its own.
  private static func wrap(_ text: String, indent: Int, columns: Int) -> String {
    let width = columns - indent
    guard width >= 24 else { return text }
    let slack = 5
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var rest = String(paragraph)
      while rest.count > width {
        let head = rest.prefix(width - slack + 1)
        guard let blank = head.lastIndex(of: " ") ?? rest.firstIndex(of: " ") else { break }
        lines.append(String(rest[..<blank]))
        rest = String(rest[blank...].dropFirst())
      }
      lines.append(rest)
    }
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }
}

extension CommandSpec {
  /// The summary's first line, without a full stop.
  fileprivate var headline: String {
    let line = summary.prefix { $0 != "\n" }
    return String(line.last == "." ? line.dropLast() : line)
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  func trimmingTrailingBlanks() -> String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
