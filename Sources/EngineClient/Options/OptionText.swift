public import Diagnostics

/// `key=value` pairs and comma-separated lists, as many flags take them.
public enum OptionText {
  /// The fields of a comma-separated line; a field in double quotes may hold commas, a doubled quote stands for one.
  /// RFC 4180.
  ///
  /// Throws: kind `invalid` for a quote without an end.
  public static func fields(_ line: String) throws(ClassifiedError) -> [String] {
    var fields = [""]
    var isQuoted = false
    var rest = line[...]
    while let character = rest.popFirst() {
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        fields[fields.count - 1].append("\"")
        rest.removeFirst()
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    if isQuoted { throw ClassifiedError(.invalid, "a quote without an end in '\(line)'") }
    return fields
  }

  /// The two sides of the first `=`; a word alone has no value.
  public static func pair(_ text: String) -> (key: String, value: String?) {
    text.cut(at: "=").map { ($0.before, $0.after) } ?? (text, nil)
  }

  /// `key=value` words as a table; a word alone has an empty value, the last of a key counts.
  public static func table(_ words: [String]) -> [String: String] {
    var table: [String: String] = [:]
    for word in words {
      let (key, value) = pair(word)
      table[key] = value ?? ""
    }
    return table
  }

  /// A value of `true`, `1`…; a key alone means true.
  static func switchValue(_ value: String?, of key: String) throws(ClassifiedError) -> Bool {
    switch value {
    case nil, "1", "t", "T", "true", "TRUE", "True": return true
    case "0", "f", "F", "false", "FALSE", "False": return false
    case let value?: throw ClassifiedError(.invalid, "invalid value for \(key): \(value)")
    }
  }

  /// A number of bytes with an optional unit, powers of 1024.
  static func byteSize(_ text: String) -> Int64? {
    let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
    guard let value = Double(digits) else { return nil }
    let units = ["": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40]
    var unit = text.dropFirst(digits.count).lowercased()
    for ending in ["ib", "b"] where unit.count > ending.count && unit.hasSuffix(ending) {
      unit.removeLast(ending.count)
      break
    }
    return units[unit].flatMap { Int64(exactly: (value * Double(1 << $0)).rounded(.down)) }
  }
}
