import LinuxKernel

/// An instant: nanoseconds since 1970 began, in UTC.
struct Timestamp: Hashable, Comparable, Sendable {
  let nanoseconds: Int64

  init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  static var now: Timestamp {
    let now = FileTime.now
    return Timestamp(nanoseconds: now.seconds * 1_000_000_000 + Int64(now.nanoseconds))
  }

  /// Whole seconds, rounded down.
  var seconds: Int64 {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// RFC 3339 in UTC, with as many digits of the second as are needed: `2026-01-02T03:04:05.6Z`.
  var rfc3339: String { text(trimmed: true) }

  /// RFC 3339 in UTC, always with nine digits of the second, so that columns align.
  var rfc3339Full: String { text(trimmed: false) }

  private func text(trimmed: Bool) -> String {
    let days = Int(seconds.floorDivided(by: 86_400))
    let second = Int(seconds - Int64(days) * 86_400)
    let (year, month, day) = civilDate(daysSince1970: days)
    var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    text += "T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    var fraction = Substring(padded(Int(nanoseconds - seconds * 1_000_000_000), 9))
    if trimmed {
      while fraction.last == "0" { fraction.removeLast() }
    }
    return text + (fraction.isEmpty ? "Z" : ".\(fraction)Z")
  }

  /// Reads RFC 3339 with `Z` or an offset, and up to nine digits of the second. Nil when it is anything else.
  init?(rfc3339 text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] == 0x54 || bytes[10] == 0x74,
      bytes[13] == 0x3A, bytes[16] == 0x3A,
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
      let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
    else { return nil }
    var index = 19
    var fraction: Int64 = 0
    if bytes[index] == 0x2E {
      let digits = bytes[(index + 1)...].prefix { (0x30...0x39).contains($0) }
      guard (1...9).contains(digits.count), let value = number(digits) else { return nil }
      fraction = (digits.count..<9).reduce(Int64(value)) { scaled, _ in scaled * 10 }
      index = digits.endIndex
    }
    guard let offset = Timestamp.offset(bytes[index...]) else { return nil }
    let days = Int64(daysSince1970(year: year, month: month, day: day))
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return nil }
    nanoseconds = whole + fraction
  }

  /// The instant that lies before `now` by a duration in Go's notation of hours, minutes and seconds: `1h30m`, `0.5s`.
  /// Nil when it is anything else.
  init?(ago text: String, now: Timestamp) {
    let lengths: [Character: Double] = ["h": 3600, "m": 60, "s": 1]
    var rest = Substring(text)
    var seconds = 0.0
    while let unit = rest.firstIndex(where: { $0.isLetter }) {
      guard let amount = Double(rest[..<unit]), amount >= 0, let length = lengths[rest[unit]] else { return nil }
      seconds += amount * length
      rest = rest[rest.index(after: unit)...]
    }
    guard rest.isEmpty, !text.isEmpty, seconds * 1e9 <= Double(now.nanoseconds) else { return nil }
    nanoseconds = now.nanoseconds - Int64(seconds * 1e9)
  }

  /// Seconds east of UTC.
  private static func offset(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard let sign = bytes.first else { return nil }
    if sign == 0x5A || sign == 0x7A { return bytes.count == 1 ? 0 : nil }
    let start = bytes.startIndex
    guard sign == 0x2B || sign == 0x2D, bytes.count == 6, bytes[start + 3] == 0x3A,
      let hours = number(bytes[(start + 1)..<(start + 3)]), let minutes = number(bytes[(start + 4)..<(start + 6)])
    else { return nil }
    return (sign == 0x2D ? -1 : 1) * (hours * 3600 + minutes * 60)
  }
}

/// What Docker writes for an instant that never was.
let neverText = "0001-01-01T00:00:00Z"

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return digits.count >= width ? digits : String(repeating: "0", count: width - digits.count) + digits
}

private func number(_ digits: ArraySlice<UInt8>) -> Int? {
  guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
  return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}

/// The Gregorian date of a day, counted in eras of 400 years that begin on 1 March, so that the leap day comes last.
private func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
  let shifted = days + 719_468
  let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
}

private func daysSince1970(year: Int, month: Int, day: Int) -> Int {
  let shifted = month <= 2 ? year - 1 : year
  let era = (shifted >= 0 ? shifted : shifted - 399) / 400
  let yearOfEra = shifted - era * 400
  let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}
