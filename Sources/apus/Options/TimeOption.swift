import CommandLine
import Diagnostics
import LinuxKernel

/// The instants that `--since` and `--until` name.
enum TimeOption {
  /// Unix time as the server takes it, `seconds.nanoseconds`: from a length of time before now (`42m`), a date, or Unix
  /// time itself.
  ///
  /// Throws: kind `invalid`.
  static func unixTime(_ text: String, flag: String) throws(ClassifiedError) -> String {
    if let nanoseconds = ValueSyntax.nanoseconds(text) {
      let now = FileTime.now
      let instant = now.seconds * 1_000_000_000 + Int64(now.nanoseconds) - nanoseconds
      return format(seconds: instant / 1_000_000_000, nanoseconds: instant % 1_000_000_000)
    }
    if let date = Timestamp(text) {
      return format(seconds: date.seconds, nanoseconds: Int64(date.nanoseconds))
    }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    if (1...2).contains(parts.count), parts.allSatisfy({ Int64($0) != nil }) { return text }
    throw ClassifiedError(
      .invalid, "invalid value for \"\(flag)\": failed to parse value as time or duration: \"\(text)\"")
  }

  private static func format(seconds: Int64, nanoseconds: Int64) -> String {
    let digits = String(nanoseconds)
    return "\(seconds)." + String(repeating: "0", count: 9 - digits.count) + digits
  }
}
