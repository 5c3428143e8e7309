import Diagnostics
import LinuxKernel
import Synchronization

/// What a change of limits has written over, so that it can be taken back.
public final class CgroupChange: Sendable {
  /// One write: where, and the text that puts back what was there before.
  private struct Entry: Sendable {
    let path: String
    let text: String
  }

  private let entries = Mutex<[Entry]>([])

  init() {}

  /// Puts back what was there before, the last write first: so every state on the way is one that has been already.
  ///
  /// Throws: the first failure, when everything else has been tried.
  public func undo() throws {
    let written = entries.withLock { entries in
      defer { entries = [] }
      return entries
    }
    var failure: SystemError?
    for entry in written.reversed() {
      do throws(SystemError) {
        try HostFiles.write(entry.text, toExisting: entry.path)
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  func keep(_ text: String, of path: String) {
    entries.withLock { $0.append(Entry(path: path, text: text)) }
  }

  /// What has to be written to `file` to undo a write of `value`; nil when there is no such file.
  static func restoration(of file: String, in directory: CgroupDirectory, for value: String) throws(SystemError)
    -> String?
  {
    guard let text = try directory.read(file) else { return nil }
    let lines = text.split(separator: "\n")
    let key = value.prefix { $0 != " " }
    switch file {
    case "memory.oom_control":
      return lines.first { $0.hasPrefix("oom_kill_disable ") }.map { String($0.dropFirst("oom_kill_disable ".count)) }
    // One line for each device. The device that has none is without a limit, or has what all have.
    case "io.max":
      return line(of: key, in: lines) ?? "\(key) rbps=max wbps=max riops=max wiops=max"
    case "io.weight", "io.bfq.weight":
      return line(of: key, in: lines) ?? "\(key) default"
    case _ where file.hasSuffix("_device"):
      return line(of: key, in: lines) ?? "\(key) 0"
    default:
      // A write of nothing reaches no controller; a line end says the same.
      return lines.first.map(String.init) ?? "\n"
    }
  }

  private static func line(of key: Substring, in lines: [Substring]) -> String? {
    lines.first { $0.hasPrefix("\(key) ") }.map(String.init)
  }
}

/// Runs `body`, which notes in the change what it writes over; when it fails, everything is put back.
func performChange(_ body: (CgroupChange) throws -> Void) throws -> CgroupChange {
  let change = CgroupChange()
  do {
    try body(change)
  } catch {
    // The reason is what counts: what cannot be put back now could not be later either.
    try? change.undo()
    throw error
  }
  return change
}
