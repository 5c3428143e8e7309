import Glibc

/// What /proc tells about other processes. proc_pid_stat(5).
public struct ProcessEntry: Sendable, Equatable {
  public let pid: Int32
  public let parent: Int32
  /// R, S, D, T, Z, X…
  public let state: Character
  /// Clock ticks from the start of the machine to that of the process: with the number, a name that is not used again.
  public let startTime: UInt64

  /// nil when there is no such process.
  public static func read(_ pid: Int32) throws(SystemError) -> ProcessEntry? {
    do {
      return ProcessEntry(pid: pid, text: try HostFiles.readText("/proc/\(pid)/stat"))
    } catch {
      if error.errno == ENOENT || error.errno == ESRCH { return nil }
      throw error
    }
  }

  /// The program's name is in parentheses and may hold any byte: the last parenthesis ends it.
  init?(pid: Int32, text: String) {
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let state = fields[0].first, let parent = Int32(fields[1]),
      let startTime = UInt64(fields[19])
    else { return nil }
    self.pid = pid
    self.parent = parent
    self.state = state
    self.startTime = startTime
  }

  /// Whether it runs; a zombie or a dying process does not.
  public var isAlive: Bool { state != "Z" && state != "X" && state != "x" }
}
