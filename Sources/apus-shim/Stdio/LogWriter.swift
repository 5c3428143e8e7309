import Diagnostics
import LinuxKernel
import ShimProtocol

/// Writes what a container says to its log file, in Docker's json-file format, and rotates the file by size.
///
/// Lines are handed to the kernel as they come, so that a killed shim loses none. A disk that is full loses lines, but
/// never leaves half of one, and never stops the container.
final class LogWriter {
  /// When this much has been formatted, it is written: short lines grow to many times their size.
  private static let flushThreshold = 16 * 1024
  /// Room for that and a record of usual length; what a longer one took is given back.
  private static let bufferCapacity = flushThreshold + 4 * 1024

  private let configuration: ShimLog
  private var file: SharedDescriptor
  /// The file's size without what is still in `records`.
  private var size: UInt64
  private var records: [UInt8] = []
  private var outputLines = LogLineSplitter()
  private var errorLines = LogLineSplitter()
  private var isFailing = false

  init(_ configuration: ShimLog) throws(SystemError) {
    self.configuration = configuration
    file = try LogWriter.open(configuration.path)
    size = UInt64(try file.descriptor.status().size)
  }

  /// Logs the lines that `bytes` completes, all with the present time.
  func write(_ bytes: ArraySlice<UInt8>, stream: OutputStream) {
    let time = LogTimestamp.now
    switch stream {
    case .output: outputLines.split(bytes) { append($0, endsLine: $1, stream: stream, time: time) }
    case .error: errorLines.split(bytes) { append($0, endsLine: $1, stream: stream, time: time) }
    }
    flush()
  }

  /// Logs what did not end with a newline.
  func finish() {
    outputLines.finish { append($0, endsLine: $1, stream: .output, time: .now) }
    errorLines.finish { append($0, endsLine: $1, stream: .error, time: .now) }
    flush()
  }

  private func append(_ text: ArraySlice<UInt8>, endsLine: Bool, stream: OutputStream, time: LogTimestamp) {
    records.reserveCapacity(LogWriter.bufferCapacity)
    JSONLogLine.append(text, endsLine: endsLine, stream: stream, time: time, to: &records)
    let isFull = configuration.maxBytes > 0 && size + UInt64(records.count) >= configuration.maxBytes
    guard isFull || records.count >= LogWriter.flushThreshold else { return }
    flush()
    if isFull { rotate() }
  }

  private func flush() {
    guard !records.isEmpty else { return }
    do {
      try file.descriptor.writeAll(records.span)
      size += UInt64(records.count)
      isFailing = false
    } catch {
      // What was written of the last records goes, or a reader would find a line that never ends.
      try? file.descriptor.truncate(to: Int64(size))
      report(error)
    }
    records.removeAll(keepingCapacity: records.capacity < 2 * LogWriter.bufferCapacity)
  }

  /// Moves `log` to `log.1`, `log.1` to `log.2` and so on; the oldest is overwritten. With one file, it starts anew.
  private func rotate() {
    let path = configuration.path
    do throws(SystemError) {
      if configuration.maxFiles > 1 {
        for number in stride(from: Int(configuration.maxFiles) - 1, to: 1, by: -1)
        where try HostFiles.exists("\(path).\(number - 1)") {
          try HostFiles.rename("\(path).\(number - 1)", to: "\(path).\(number)")
        }
        try HostFiles.rename(path, to: "\(path).1")
        file = try LogWriter.open(path)
      } else {
        try file.descriptor.truncate(to: 0)
      }
      size = 0
    } catch {
      report(error)
    }
  }

  /// Says once that the log fails, not at each line.
  private func report(_ error: SystemError) {
    if !isFailing { complain("log \(configuration.path): \(error.explanation)") }
    isFailing = true
  }

  private static func open(_ path: String) throws(SystemError) -> SharedDescriptor {
    SharedDescriptor(try HostFiles.open(path, [.writeOnly, .create, .append], permissions: 0o640))
  }
}

extension LogTimestamp {
  static var now: LogTimestamp { LogTimestamp(unixNanoseconds: unixNanoseconds()) }
}

/// Now, in nanoseconds since 1970.
func unixNanoseconds() -> Int64 {
  let now = FileTime.now
  return now.seconds * 1_000_000_000 + Int64(now.nanoseconds)
}
