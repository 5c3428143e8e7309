import Diagnostics

/// What `--cap-add` and `--security-opt` ask for.
public enum SecurityOptions {
  /// Capabilities as the server wants them: `CAP_` in front, upper case, sorted, each once; `ALL` swallows the rest.
  public static func capabilities(_ words: [String]) -> [String]? {
    if words.isEmpty { return nil }
    let names = Set(
      words.map { word in
        let name = word.uppercased()
        return name == "ALL" || name.hasPrefix("CAP_") ? name : "CAP_" + name
      })
    return names.contains("ALL") ? ["ALL"] : names.sorted()
  }

  /// The result of reading all `--security-opt`.
  public struct Reading: Sendable, Equatable {
    public var options: [String] = []
    /// `systempaths=unconfined`: nothing is masked or read-only.
    public var unmasksSystemPaths = false
  }

  /// Reads the options; a seccomp profile is named by a file here and sent by its content.
  ///
  /// Throws: kind `invalid`, and what `readFile` throws.
  public static func read(
    _ words: [String], readFile: (String) throws -> String
  ) throws -> Reading {
    var reading = Reading()
    for word in words {
      guard let (key, value) = word.cut(at: "=") ?? word.cut(at: ":") else {
        guard word == "no-new-privileges" else {
          throw ClassifiedError(.invalid, "invalid --security-opt: \(word)", advice: "write name=value")
        }
        reading.options.append(word)
        continue
      }
      switch (key, value) {
      case ("systempaths", "unconfined"): reading.unmasksSystemPaths = true
      case ("seccomp", "unconfined"), ("seccomp", "builtin"): reading.options.append("seccomp=\(value)")
      case ("seccomp", _): reading.options.append("seccomp=\(try readFile(value))")
      default: reading.options.append("\(key)=\(value)")
      }
    }
    return reading
  }
}
