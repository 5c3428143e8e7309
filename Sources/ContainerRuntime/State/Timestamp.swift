import LinuxKernel

/// Points in time as the runtime's documents write them (RFC 3339, section 5.6, in UTC with nanoseconds).
public enum Timestamp {
  /// The time now.
  public static func now() -> String { text(FileTime.now) }

  static func text(_ time: FileTime) -> String {
    let secondsOfDay = floorModulo(time.seconds, 86_400)
    let (year, month, day) = date(daysSinceEpoch: (time.seconds - secondsOfDay) / 86_400)
    let clock = [secondsOfDay / 3600, secondsOfDay / 60 % 60, secondsOfDay % 60].map { padded($0, 2) }
    let fraction = padded(Int64(time.nanoseconds), 9)
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock.joined(separator: ":")).\(fraction)Z"
  }

  /// The Gregorian date of a day, counted from 1970-01-01. Years begin in March here, so that the leap day is the last
  /// of its year; an era is 400 years, after which the calendar repeats.
  private static func date(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let dayOfEra = floorModulo(shifted, 146_097)
    let era = (shifted - dayOfEra) / 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
    let remainder = value % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
