import EngineAPI
import Synchronization

/// The progress of one layer as Docker's clients draw it, with no more updates than an eye can follow.
final class LayerProgress: Sendable {
  /// Nanoseconds between two updates of a bar.
  private static let interval: Int64 = 100_000_000

  private let id: String
  private let total: Int64
  private let report: @Sendable (ProgressMessage) -> Void
  private let last = Mutex<Int64>(0)

  init(id: String, total: Int64, report: @Sendable @escaping (ProgressMessage) -> Void) {
    self.id = id
    self.total = total
    self.report = report
  }

  /// A step that is not counted: `Pulling fs layer`, `Download complete`, `Pull complete`.
  func say(_ status: String) {
    report(ProgressMessage(id: id, status: status, progressDetail: ProgressDetail()))
  }

  /// How far a counted step is: `Downloading`, `Extracting`. In bytes of the compressed layer.
  func advance(_ status: String, to current: Int64) {
    let now = Timestamp.now.nanoseconds
    let isDue = last.withLock { last in
      guard now - last >= LayerProgress.interval || current == total else { return false }
      last = now
      return true
    }
    guard isDue else { return }
    report(
      ProgressMessage(
        id: id, status: status, progressDetail: ProgressDetail(current: current, total: total),
        progress: bar(current)))
  }

  /// `[==>   ]  1.2MB/30MB`, for clients that print it as it is.
  private func bar(_ current: Int64) -> String {
    let width = 50
    let done = total > 0 ? Int(min(current, total) * Int64(width) / total) : 0
    let head = done > 0 ? String(repeating: "=", count: done - 1) + ">" : ""
    let drawn =
      done > 0 ? head + String(repeating: " ", count: width - done) : ">" + String(repeating: " ", count: width)
    return "[\(drawn)]  \(humanSize(current))/\(humanSize(total))"
  }
}

/// Four significant digits in decimal units: `12.34MB`.
func humanSize(_ bytes: Int64) -> String {
  var value = Double(bytes)
  for unit in ["B", "kB", "MB", "GB", "TB"] {
    if value < 1000 || unit == "TB" {
      let digits = unit == "B" || value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3
      let scale = [1.0, 10, 100, 1000][digits]
      let rounded = (value * scale).rounded() / scale
      let text = "\(rounded)"
      return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + unit
    }
    value /= 1000
  }
  return "\(bytes)B"
}
