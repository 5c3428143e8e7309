/// Numbers of bytes as people read them, in the units that Docker prints.
public enum HumanSize {
  /// In powers of 1000 with `digits` significant digits: `4.26MB`.
  public static func decimal(_ bytes: Int64, digits: Int = 3) -> String {
    format(bytes, base: 1000, units: ["B", "kB", "MB", "GB", "TB", "PB", "EB"], digits: digits)
  }

  /// In powers of 1024 with four significant digits: `23.45GiB`.
  public static func binary(_ bytes: Int64) -> String {
    format(bytes, base: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"], digits: 4)
  }

  private static func format(_ bytes: Int64, base: Double, units: [String], digits: Int) -> String {
    var value = Double(bytes)
    var unit = 0
    while value.magnitude >= base, unit < units.count - 1 {
      value /= base
      unit += 1
    }
    return significant(value, digits: digits) + units[unit]
  }

  /// The value with so many significant digits, without zeros at its end. printf(3), `%g`.
  static func significant(_ value: Double, digits: Int) -> String {
    var wholeDigits = 1
    var limit = 10.0
    while value.magnitude >= limit {
      wholeDigits += 1
      limit *= 10
    }
    let places = max(0, digits - wholeDigits)
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = Int64((value.magnitude * scale).rounded(.toNearestOrEven))
    let sign = value < 0 ? "-" : ""
    let whole = scaled / Int64(scale)
    var fraction = places == 0 ? "" : String(scaled % Int64(scale))
    fraction = String(repeating: "0", count: max(0, places - fraction.count)) + fraction
    while fraction.last == "0" { fraction.removeLast() }
    return sign + String(whole) + (fraction.isEmpty ? "" : "." + fraction)
  }
}
