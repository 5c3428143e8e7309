public import Diagnostics

/// The variables that `--env`, `--env-file` and `--label-file` name.
public enum EnvironmentOption {
  /// `NAME=value` as it is, `NAME` with the value of our own environment; a name that is not there stays alone, which
  /// takes the image's variable away.
  public static func variable(
    _ text: String, lookUp: (String) -> String?
  ) throws(ClassifiedError) -> String {
    guard let name = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).first, !name.isEmpty
    else { throw ClassifiedError(.invalid, "invalid environment variable: \(text)") }
    if name.utf8.count < text.utf8.count { return text }
    return lookUp(text).map { "\(text)=\($0)" } ?? text
  }

  /// The lines of a file: blank ones and those that start with `#` do not count, and a name alone takes its value from
  /// `lookUp` or is left out.
  ///
  /// Throws: kind `invalid` for a name with blanks in it, or none.
  public static func file(
    _ content: String, lookUp: (String) -> String?
  ) throws(ClassifiedError) -> [String] {
    var variables: [String] = []
    for rawLine in content.split(whereSeparator: \.isNewline) {
      let line = rawLine.drop { $0 == " " || $0 == "\t" || $0 == "\u{feff}" }
      if line.isEmpty || line.hasPrefix("#") { continue }
      let (name, value) = OptionText.pair(String(line))
      if name.isEmpty { throw ClassifiedError(.invalid, "no variable name on line '\(line)'") }
      if name.contains(where: \.isWhitespace) {
        throw ClassifiedError(.invalid, "variable '\(name)' contains whitespaces")
      }
      if value != nil {
        variables.append(String(line))
      } else if let value = lookUp(name) {
        variables.append("\(name)=\(value)")
      }
    }
    return variables
  }
}
