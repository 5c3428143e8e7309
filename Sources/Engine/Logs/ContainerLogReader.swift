import Diagnostics
import LinuxKernel
import NIOCore
import NIOPosix

/// Reads a container's json-file log for a client: the tail, a span of time, or what comes.
///
/// The log is the shim's; it is only read here, so following it goes on over a restart of the server on either side.
struct ContainerLogReader: Sendable {
  /// How long a follower waits before it looks at the file's end again.
  private static let pause = Duration.milliseconds(20)

  let path: String
  let options: LogOptions
  let threads: NIOThreadPool

  /// Emits one chunk for each line.
  ///
  /// With `follow` it ends when `isRunning` says no and all that was written has been emitted.
  func stream(
    isRunning: @Sendable () async -> Bool, emit: @Sendable (StdioChunk) async throws -> Void
  ) async throws {
    var files = try await onThread { try openAtTail() }
    var lines = LineSplitter()
    while true {
      // Asked before reading: what was written before the end is then surely read.
      let goesOn = options.follow ? await isRunning() : false
      while let file = files.first {
        let bytes = try await onThread { try file.readNext() }
        if bytes.isEmpty {
          if files.count == 1 { break }
          files.removeFirst()
          continue
        }
        for line in lines.append(bytes) {
          guard let entry = LogEntry(line: line) else { continue }
          if let until = options.until, entry.time.nanoseconds > until { return }
          if let chunk = chunk(for: entry) { try await emit(chunk) }
        }
      }
      guard goesOn else { return }
      let current = files.first
      if let newer = try await onThread({ try successors(of: current) }) {
        files += newer
      } else {
        try await Task.sleep(for: ContainerLogReader.pause)
      }
    }
  }

  /// Opens the files and goes to the place where the client wants to begin.
  private func openAtTail() throws -> [LogFile] {
    let files = try LogFile.all(of: path)
    guard var wanted = options.tail else { return files }
    guard wanted > 0 else {
      guard let last = files.last else { return [] }
      while try !last.readNext().isEmpty {}
      return [last]
    }
    var chosen: [LogFile] = []
    for file in files.reversed() where wanted > 0 {
      wanted -= try file.seekToTail(lines: wanted)
      chosen.insert(file, at: 0)
    }
    return chosen
  }

  /// The files that came after `current` by rotation; nil when there are none.
  private func successors(of current: LogFile?) throws -> [LogFile]? {
    let files = try LogFile.all(of: path)
    guard let current else { return files.isEmpty ? nil : files }
    guard let index = files.firstIndex(where: { $0.identity == current.identity }) else {
      return files.isEmpty ? nil : files
    }
    let newer = files[(index + 1)...]
    return newer.isEmpty ? nil : Array(newer)
  }

  private func chunk(for entry: LogEntry) -> StdioChunk? {
    guard entry.stream == .error ? options.stderr : options.stdout else { return nil }
    if let since = options.since, entry.time.nanoseconds < since { return nil }
    var bytes = ByteBuffer()
    if options.timestamps { bytes.writeString(entry.time.rfc3339Full + " ") }
    // There are no attributes to name: Docker then writes the blank alone.
    if options.details { bytes.writeString(" ") }
    bytes.writeBytes(entry.text)
    return StdioChunk(stream: entry.stream, bytes: bytes)
  }

  private func onThread<Value: Sendable>(_ work: @Sendable @escaping () throws -> Value) async throws -> Value {
    try await threads.runIfActive(work)
  }
}

/// Cuts bytes at newlines; keeps what has none yet.
private struct LineSplitter {
  private var rest: [UInt8] = []

  mutating func append(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    let all = rest.isEmpty ? bytes : rest + bytes
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    while let end = all[start...].firstIndex(of: 0x0A) {
      lines.append(all[start..<end])
      start = end + 1
    }
    rest = Array(all[start...])
    return lines
  }
}
