import Diagnostics
import LinuxKernel
import Logging
import Synchronization

/// The least level that is logged, for all loggers at once: a reload changes it.
final class LogThreshold: Sendable {
  private let value: Mutex<Logger.Level>

  init(_ level: Logger.Level) { value = Mutex(level) }

  var level: Logger.Level {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}

/// The server's log: a line on standard error for each event, with its time and level in front.
struct ServerLog: LogHandler {
  let threshold: LogThreshold
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  init(threshold: LogThreshold) {
    self.threshold = threshold
  }

  var logLevel: Logger.Level {
    get { threshold.level }
    set { threshold.level = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = "\(FileTime.now.logStamp) \(event.level.abbreviation) \(event.message)"
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key }
    ) {
      line += " \(key)=\(value)"
    }
    // One write, so that lines of several threads stay whole. Where the log cannot be written, nobody can be told.
    try? StandardStreams.error.descriptor.writeAll(line.replacing("\n", with: "\n  ") + "\n")
  }
}

extension Logger.Level {
  fileprivate var abbreviation: String {
    switch self {
    case .trace: "TRACE"
    case .debug: "DEBUG"
    case .info: "INFO "
    case .notice: "NOTE "
    case .warning: "WARN "
    case .error: "ERROR"
    case .critical: "FATAL"
    }
  }
}

extension FileTime {
  /// `2026-03-01T12:00:00.123Z`: RFC 3339 in UTC, to the millisecond.
  var logStamp: String {
    let day = Int((seconds - ((seconds % 86400) + 86400) % 86400) / 86400)
    let time = Int(((seconds % 86400) + 86400) % 86400)
    // Days since 0000-03-01, where a leap day ends its year: then months and years are plain arithmetic.
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let date = (
      year: yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month: month < 10 ? month + 3 : month - 9,
      day: dayOfYear - (153 * month + 2) / 5 + 1
    )
    let milliseconds = Int(nanoseconds) / 1_000_000
    return "\(date.year)-\(padded(date.month, 2))-\(padded(date.day, 2))T"
      + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)).\(padded(milliseconds, 3))Z"
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
