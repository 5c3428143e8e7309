/// A time in UTC as RFC 3339 text with up to nine decimals, trailing zeros left out, as Go's `RFC3339Nano` prints it.
public struct LogTimestamp: Sendable {
  /// ASCII, without quotes: `2024-02-29T23:59:59.000001Z`.
  public let text: [UInt8]

  /// `unixNanoseconds`: from 1970 to 2262, which is what 64 bits hold.
  public init(unixNanoseconds: Int64) {
    let seconds = unixNanoseconds / 1_000_000_000
    let (year, month, day) = Self.date(daysSince1970: Int(seconds / 86_400))
    let secondOfDay = Int(seconds % 86_400)
    var text: [UInt8] = []
    text.reserveCapacity(30)
    Self.append(year, digits: 4, to: &text)
    text.append(UInt8(ascii: "-"))
    Self.append(month, digits: 2, to: &text)
    text.append(UInt8(ascii: "-"))
    Self.append(day, digits: 2, to: &text)
    text.append(UInt8(ascii: "T"))
    Self.append(secondOfDay / 3600, digits: 2, to: &text)
    text.append(UInt8(ascii: ":"))
    Self.append(secondOfDay / 60 % 60, digits: 2, to: &text)
    text.append(UInt8(ascii: ":"))
    Self.append(secondOfDay % 60, digits: 2, to: &text)
    let nanoseconds = Int(unixNanoseconds % 1_000_000_000)
    if nanoseconds > 0 {
      text.append(UInt8(ascii: "."))
      Self.append(nanoseconds, digits: 9, to: &text)
      while text.last == UInt8(ascii: "0") { text.removeLast() }
    }
    text.append(UInt8(ascii: "Z"))
    self.text = text
  }

  /// The proleptic Gregorian date, counted in eras of 400 years that begin on 1 March, so that the leap day is a
  /// year's last day. 719,468 days lie between 1 March of year 0 and 1 January 1970.
  private static func date(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
    let days = daysSince1970 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
  }

  private static func append(_ value: Int, digits: Int, to text: inout [UInt8]) {
    var power = 1
    for _ in 1..<digits { power *= 10 }
    while power > 0 {
      text.append(UInt8(ascii: "0") + UInt8(value / power % 10))
      power /= 10
    }
  }
}
