/// How Go and Docker write numbers, sizes and lengths of time on a command line.
public enum ValueSyntax {
  /// The spellings of Go's `strconv.ParseBool`.
  public static func bool(_ text: String) -> Bool? {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: nil
    }
  }

  /// A signed number, decimal or behind `0x`, `0o`, `0b` or a leading 0 (octal).
  public static func integer(_ text: String) -> Int64? {
    guard let (digits, radix) = digitsAndRadix(text) else { return nil }
    return Int64(digits, radix: radix)
  }

  /// A number of bytes: a decimal fraction and an optional unit of 1024, as in `512m`, `1.5GiB`, `10 kb`.
  public static func byteSize(_ text: String) -> Int64? {
    let number = text.prefix { $0.isASCIIDigit || $0 == "." }
    guard !number.isEmpty, number.last?.isASCIIDigit == true, let value = Double(number) else { return nil }
    var unit = text.dropFirst(number.count).lowercased()
    if unit.hasPrefix(" ") { unit.removeFirst() }
    let shift: Int
    switch unit {
    case "", "b": shift = 0
    case "k", "kb", "kib": shift = 10
    case "m", "mb", "mib": shift = 20
    case "g", "gb", "gib": shift = 30
    case "t", "tb", "tib": shift = 40
    case "p", "pb", "pib": shift = 50
    default: return nil
    }
    return Int64(exactly: (value * Double(1 << shift)).rounded(.down))
  }

  /// A decimal fraction in billionths: `1.5` is 1 500 000 000. Nil as well when it has more than nine places.
  public static func billionths(_ text: String) -> Int64? {
    complaintAboutDecimal(text) == nil ? decimal(text)?.value : nil
  }

  /// A length of time in nanoseconds: `1h2m3.5s`, `-1s`, `0`.
  public static func nanoseconds(_ text: String) -> Int64? {
    var rest = text[...]
    let isNegative = rest.first == "-"
    if let sign = rest.first, sign == "-" || sign == "+" { rest.removeFirst() }
    if rest == "0" { return 0 }
    guard !rest.isEmpty else { return nil }
    var total = 0.0
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCIIDigit || $0 == "." }
      let unit = rest.dropFirst(number.count).prefix { !$0.isASCIIDigit && $0 != "." }
      guard let value = Double(number), let scale = nanosecondsPerUnit(String(unit)) else { return nil }
      total += value * scale
      rest = rest.dropFirst(number.count + unit.count)
    }
    guard let whole = Int64(exactly: total.rounded()) else { return nil }
    return isNegative ? -whole : whole
  }

  // MARK: - What is wrong with a value

  static func complaintAboutInteger(_ text: String) -> String? {
    if integer(text) != nil { return nil }
    return
      "strconv.ParseInt: parsing \"\(text)\": \(digitsAndRadix(text) == nil ? "invalid syntax" : "value out of range")"
  }

  static func complaintAboutUnsigned(_ text: String, bits: Int) -> String? {
    let most = bits >= 64 ? UInt64.max : (1 << UInt64(bits)) - 1
    guard !text.hasPrefix("-"), let (digits, radix) = digitsAndRadix(text) else {
      return "strconv.ParseUint: parsing \"\(text)\": invalid syntax"
    }
    guard let value = UInt64(digits, radix: radix), value <= most else {
      return "strconv.ParseUint: parsing \"\(text)\": value out of range"
    }
    return nil
  }

  static func complaintAboutDecimal(_ text: String) -> String? {
    guard let number = decimal(text) else { return "failed to parse \(text) as a rational number" }
    return number.places > 9 ? "value is too precise" : nil
  }

  static func complaintAboutDuration(_ text: String) -> String? {
    if nanoseconds(text) != nil { return nil }
    let isBareNumber = Double(text) != nil
    return isBareNumber ? "time: missing unit in duration \"\(text)\"" : "time: invalid duration \"\(text)\""
  }

  // MARK: - Pieces

  private static func nanosecondsPerUnit(_ unit: String) -> Double? {
    switch unit {
    case "ns": 1
    case "us", "µs", "μs": 1e3
    case "ms": 1e6
    case "s": 1e9
    case "m": 60e9
    case "h": 3600e9
    default: nil
    }
  }

  /// The digits with their sign, and the radix that the prefix announces; nil when they are not all digits of it.
  private static func digitsAndRadix(_ text: String) -> (digits: String, radix: Int)? {
    let sign = text.hasPrefix("-") ? "-" : ""
    var digits = text.drop { $0 == "-" || $0 == "+" }
    guard text.count - digits.count <= 1 else { return nil }
    var radix = 10
    if digits.count > 1, digits.first == "0" {
      switch digits.dropFirst().first {
      case "x", "X": (radix, digits) = (16, digits.dropFirst(2))
      case "b", "B": (radix, digits) = (2, digits.dropFirst(2))
      case "o", "O": (radix, digits) = (8, digits.dropFirst(2))
      default: (radix, digits) = (8, digits.dropFirst())
      }
    }
    guard !digits.isEmpty, digits.allSatisfy({ ($0.isASCII ? $0.hexDigitValue : nil).map { $0 < radix } ?? false })
    else {
      return nil
    }
    return (sign + digits, radix)
  }

  /// The value in billionths (cut off after the ninth place) and how many places were written.
  private static func decimal(_ text: String) -> (value: Int64, places: Int)? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, !(whole.isEmpty && parts.count == 1) else { return nil }
    let sign: Int64 = whole.hasPrefix("-") ? -1 : 1
    let fraction = parts.count == 2 ? parts[1] : ""
    let wholeDigits = whole.drop { $0 == "-" || $0 == "+" }
    guard whole.count - wholeDigits.count <= 1, !(wholeDigits.isEmpty && fraction.isEmpty),
      (wholeDigits + fraction).allSatisfy(\.isASCIIDigit)
    else { return nil }
    var significant = fraction
    while significant.last == "0" { significant.removeLast() }
    let billionths = significant.prefix(9) + String(repeating: "0", count: max(0, 9 - significant.count))
    let (scaled, overflow) = (Int64("0" + wholeDigits) ?? .max).multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow, let rest = Int64(billionths) else { return nil }
    return (sign * (scaled + rest), significant.count)
  }
}

extension Character {
  var isASCIIDigit: Bool { isASCII && isNumber }
}
