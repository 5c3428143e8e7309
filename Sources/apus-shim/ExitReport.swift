import LinuxKernel
import ShimProtocol

/// How a process ended, as the server is told and as the exit record says.
enum ExitReport {
  static func record(of status: ExitStatus, outOfMemory: Bool = false) -> ExitRecord {
    let signal: Int32 = if case .signalled(let signal) = status { signal.rawValue } else { 0 }
    return ExitRecord(
      code: UInt8(truncatingIfNeeded: status.shellCode), signal: UInt8(signal), oomKilled: outOfMemory,
      finished: unixNanoseconds())
  }

  /// Writes the record so that it is there whole or not at all.
  static func write(_ record: ExitRecord, to path: String) {
    do {
      try HostFiles.replace(path, with: [UInt8](record.text.utf8))
    } catch {
      // The server is told all the same; only one that is not there now will not know.
      complain("exit record: \(error.explanation)")
    }
  }

  /// Whether the kernel killed for lack of memory in the container's cgroup. `counter` is its `memory.events` or
  /// `memory.oom_control`, which have the same line. cgroups(7); Documentation/admin-guide/cgroup-v1/memory.rst.
  static func ranOutOfMemory(counter: String?) -> Bool {
    guard let counter else { return false }
    do {
      let lines = try HostFiles.readText(counter, limit: 4096).split(separator: "\n")
      guard let line = lines.first(where: { $0.hasPrefix("oom_kill ") }) else { return false }
      return line.dropFirst("oom_kill ".count) != "0"
    } catch {
      complain("out-of-memory counter: \(error.explanation)")
      return false
    }
  }
}
