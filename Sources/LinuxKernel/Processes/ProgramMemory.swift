import Glibc

/// The pages of the running program and its libraries that this process has mapped.
enum ProgramMemory {
  /// Unmaps what of the program is only read: its code and constants. They stay in the page cache, and what is needed
  /// again is mapped again, 64 KiB at a time; what only a start or a rare task has used is not.
  ///
  /// Mappings that have pages of their own, such as relocated tables, are left alone. madvise(2), MADV_DONTNEED.
  static func release() throws(SystemError) {
    let text = String(decoding: try HostFiles.read("/proc/self/smaps"), as: UTF8.self)
    for range in unchangedProgramRanges(text) {
      try systemCall("madvise", "the program's memory") {
        unsafe madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
      }
    }
  }

  /// Private file mappings that cannot be written and have not been. proc_pid_smaps(5).
  private static func unchangedProgramRanges(_ smaps: String) -> [Range<UInt>] {
    var ranges: [Range<UInt>] = []
    var candidate: Range<UInt>?
    for line in smaps.split(separator: "\n") {
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard let first = fields.first else { continue }
      if first.last != ":" {
        candidate = programRange(fields)
      } else if first == "Anonymous:", let range = candidate, fields.count > 1, fields[1] == "0" {
        ranges.append(range)
      }
    }
    return ranges
  }

  private static func programRange(_ fields: [Substring]) -> Range<UInt>? {
    guard fields.count >= 6, fields[1] == "r-xp" || fields[1] == "r--p", fields[5].hasPrefix("/") else { return nil }
    let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
    return ends.count == 2 && ends[0] < ends[1] ? ends[0]..<ends[1] : nil
  }
}
