import Diagnostics
import LinuxKernel

/// One file of a container's log, open at some place. Blocking: to be used on a thread of the pool.
final class LogFile: Sendable {
  private static let chunk = 64 << 10

  let path: String
  /// Which file it is, so that a rotation is noticed.
  let identity: UInt64
  private let descriptor: Descriptor

  /// Throws: `SystemError`, ENOENT when nothing was logged yet.
  init(path: String) throws {
    self.path = path
    descriptor = try HostFiles.open(path, [.readOnly])
    identity = try descriptor.status().inode
  }

  /// The next bytes; empty at the end of what is written now.
  func readNext() throws -> [UInt8] {
    try descriptor.read(upTo: LogFile.chunk)
  }

  /// Goes back to the start if the file was cut: its writer began anew in it. Whether it was.
  func rewindIfCut() throws -> Bool {
    guard try descriptor.status().size < descriptor.offset() else { return false }
    try descriptor.seek(to: 0)
    return true
  }

  /// Goes to where the last `lines` lines begin; returns how many lines there were from there on.
  func seekToTail(lines: Int) throws -> Int {
    var end = try descriptor.seekToEnd()
    var found = 0
    // A last line without its newline counts too.
    var isLast = true
    while end > 0 {
      let begin = max(0, end - Int64(LogFile.chunk))
      _ = try descriptor.seek(to: begin)
      let bytes = try descriptor.read(upTo: Int(end - begin))
      for index in bytes.indices.reversed() {
        defer { isLast = false }
        guard bytes[index] == 0x0A, !isLast else { continue }
        found += 1
        if found == lines {
          _ = try descriptor.seek(to: begin + Int64(index) + 1)
          return found
        }
      }
      end = begin
    }
    _ = try descriptor.seek(to: 0)
    return isLast ? 0 : found + 1
  }

  /// The files of a log that was rotated, oldest first: `log.2`, `log.1`, `log`.
  static func all(of path: String) throws -> [LogFile] {
    var files: [LogFile] = []
    var number = 0
    while true {
      do {
        let file = try LogFile(path: number == 0 ? path : "\(path).\(number)")
        // One that was renamed between two looks is met again under its next name.
        if !files.contains(where: { $0.identity == file.identity }) { files.append(file) }
      } catch let error as SystemError where error.kind == .notFound {
        // The newest may be missing for a moment, while it is being rotated.
        if number > 0 { break }
      }
      number += 1
    }
    return files.reversed()
  }
}
