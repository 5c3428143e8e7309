import Diagnostics
import LinuxKernel
import NIOCore
import NIOPosix

/// Reads a container's json-file log for a client: the tail, a span of time, or what comes.
///
/// The log is the shim's; it is only read here, so following it goes on over a restart of the server on either side.
struct ContainerLogReader: Sendable {
  let path: String
  let options: LogOptions
  let threads: NIOThreadPool

  typealias Emit = @Sendable (StdioChunk) async throws -> Void

  /// How far a reader has come.
  private struct Position {
    /// Those still to be read, oldest first; the first one is being read.
    var files: [LogFile]
    var lines = LineSplitter()
  }

  /// Emits one chunk for each line that is there.
  func stream(emit: Emit) async throws {
    var position = Position(files: try await onThread { try openAtTail() })
    _ = try await drain(&position, emit)
  }

  /// Emits what is there and what comes, until `end` has come and all that was written before it has been emitted.
  ///
  /// Throws: `CancellationError` when the task is cancelled, which is how a client goes that does not wait for the end.
  func follow(_ watcher: LogWatcher, until end: ContainerWait, emit: Emit) async throws {
    let (changes, wake) = try watcher.changes(of: String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
    let over = Latch<Void>()
    async let _ = {
      // A container that was lost has ended as well.
      _ = try? await end.value
      over.set(.success(()))
      wake()
    }()
    var arrivals = changes.makeAsyncIterator()
    var position = Position(files: try await onThread { try openAtTail() })
    while true {
      // Asked before reading: what was written before the end is then surely read.
      let isOver = over.isSet
      guard try await drain(&position, emit) else { return }
      if try await advance(&position) { continue }
      if isOver { return }
      guard await arrivals.next() != nil else { throw CancellationError() }
    }
  }

  /// Emits all lines up to the end of the newest file; false when those are reached that the client does not want.
  private func drain(_ position: inout Position, _ emit: Emit) async throws -> Bool {
    while let file = position.files.first {
      let bytes = try await onThread { try file.readNext() }
      if bytes.isEmpty {
        if position.files.count == 1 { return true }
        position.files.removeFirst()
        continue
      }
      for line in position.lines.append(bytes) {
        guard let entry = LogEntry(line: line) else { continue }
        if let until = options.until, entry.time.nanoseconds > until { return false }
        if let chunk = chunk(for: entry) { try await emit(chunk) }
      }
    }
    return true
  }

  /// Goes on to what a rotation has made; whether there is such. The file that was read stays the first: more may have
  /// been written to it before it was rotated.
  private func advance(_ position: inout Position) async throws -> Bool {
    let current = position.files.first
    if let current, try await onThread({ try current.rewindIfCut() }) {
      position.lines = LineSplitter()
      return true
    }
    guard let newer = try await onThread({ try successors(of: current) }) else { return false }
    position.files += newer
    return true
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
