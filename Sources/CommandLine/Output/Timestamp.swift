/// An instant, and its forms as text. Local time is UTC here: the programs carry no time zones.
public struct Timestamp: Sendable, Equatable {
  /// Since 1970-01-01T00:00:00Z.
  public let seconds: Int64
  public let nanoseconds: Int32

  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// Reads `2006-01-02T15:04:05.999999999+02:00`; the time, its seconds and the zone may be missing. RFC 3339.
  public init?(_ text: String) {
    var reader = DigitReader(text)
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var second: Int64 = 0
    var nanoseconds: Int32 = 0
    if reader.take("T") || reader.take(" ") {
      guard let hour = reader.number(2), hour < 24 else { return nil }
      second = Int64(hour) * 3600
      if reader.take(":") {
        guard let minute = reader.number(2), minute < 60 else { return nil }
        second += Int64(minute) * 60
        if reader.take(":") {
          guard let value = reader.number(2), value < 61 else { return nil }
          second += Int64(value)
          if reader.take(".") { nanoseconds = reader.fraction() }
        }
      }
    }
    guard let offset = reader.zone(), reader.isAtEnd else { return nil }
    self.init(
      seconds: Timestamp.days(year: year, month: month, day: day) * 86400 + second - offset, nanoseconds: nanoseconds)
  }

  /// `2006-01-02T15:04:05Z`, with nine places when `withFraction`.
  public func rfc3339(withFraction: Bool = false) -> String {
    let parts = civil
    let fraction = withFraction ? "." + Timestamp.pad(Int64(nanoseconds), 9) : ""
    return "\(parts.date)T\(parts.time)\(fraction)Z"
  }

  /// `2006-01-02 15:04:05.5 +0000 UTC`, as Go prints a time: of the fraction what is not zero.
  public var goDescription: String {
    var fraction = nanoseconds == 0 ? "" : "." + Timestamp.pad(Int64(nanoseconds), 9)
    while fraction.last == "0" { fraction.removeLast() }
    return "\(civil.date) \(civil.time)\(fraction) +0000 UTC"
  }

  /// `Mon Jan  2 15:04:05 2006`, as ctime(3) prints a time.
  public var ansiC: String {
    let parts = civil
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let day = parts.day < 10 ? " \(parts.day)" : "\(parts.day)"
    let weekday = weekdays[Int(((Timestamp.floorDivide(seconds, 86400) % 7) + 7) % 7)]
    return "\(weekday) \(months[parts.month - 1]) \(day) \(parts.time) \(parts.year)"
  }

  // MARK: - The calendar

  private var civil: (date: String, time: String, year: Int, month: Int, day: Int) {
    let days = Timestamp.floorDivide(seconds, 86400)
    let rest = seconds - days * 86400
    let (year, month, day) = Timestamp.date(days: days)
    let date = [Timestamp.pad(Int64(year), 4), Timestamp.pad(Int64(month), 2), Timestamp.pad(Int64(day), 2)]
    let time = [rest / 3600, rest / 60 % 60, rest % 60].map { Timestamp.pad($0, 2) }
    return (date.joined(separator: "-"), time.joined(separator: ":"), year, month, day)
  }

  /// Days since 1970 of a date. Years are counted from March, so that the leap day is a year's last.
  private static func days(year: Int, month: Int, day: Int) -> Int64 {
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = Int64((153 * ((month + 9) % 12) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
    let day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, day)
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value - divisor + 1) / divisor
  }

  private static func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

/// Reads fixed numbers of digits off a text.
private struct DigitReader {
  private var rest: Substring.UTF8View

  init(_ text: String) {
    rest = text[...].utf8
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(_ digits: Int) -> Int? {
    let head = rest.prefix(digits)
    guard head.count == digits, head.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest = rest.dropFirst(digits)
    return head.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// Digits after the point, in billionths.
  mutating func fraction() -> Int32 {
    var value: Int32 = 0
    var places = 0
    while let byte = rest.first, (0x30...0x39).contains(byte) {
      if places < 9 {
        value = value * 10 + Int32(byte - 0x30)
        places += 1
      }
      rest.removeFirst()
    }
    for _ in places..<9 { value *= 10 }
    return value
  }

  /// Seconds east of UTC: `Z`, nothing, or `+hh:mm`.
  mutating func zone() -> Int64? {
    if rest.isEmpty || take("Z") { return 0 }
    let isWest = rest.first == UInt8(ascii: "-")
    guard take("+") || take("-"), let hours = number(2), take(":"), let minutes = number(2) else { return nil }
    let offset = Int64(hours * 3600 + minutes * 60)
    return isWest ? -offset : offset
  }
}
