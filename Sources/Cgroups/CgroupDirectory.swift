import Diagnostics
import Glibc
import LinuxKernel

/// One directory of one hierarchy, and its control files.
struct CgroupDirectory: Sendable {
  let path: String
  /// Keeps what is written over, where a change is to be taken back if the rest of it fails.
  var change: CgroupChange?

  // MARK: Making and removing

  /// Makes the directory; whether it was not there before. Throws: ENOENT when the one above is missing.
  func make() throws(SystemError) -> Bool {
    do {
      try HostFiles.makeControlDirectory(path)
      return true
    } catch {
      if error.errno == EEXIST { return false }
      throw error
    }
  }

  func exists() throws(SystemError) -> Bool {
    try HostFiles.exists(path)
  }

  /// The directories below.
  func children() throws(SystemError) -> [CgroupDirectory] {
    var names: [String] = []
    do {
      try HostFiles.open(path, .directory).forEachEntry { (entry) throws(SystemError) in
        if entry.kind == .directory { names.append(entry.name.description) }
        return true
      }
    } catch {
      if error.errno != ENOENT { throw error }
    }
    return names.map { CgroupDirectory(path: "\(path)/\($0)") }
  }

  /// Removes the directory and those below. Busy ones are tried again until `deadline`, of CLOCK_MONOTONIC in
  /// nanoseconds: a process leaves its cgroup a little after its end was reported.
  func remove(deadline: UInt64) throws {
    var pause: UInt32 = 200  // microseconds
    while true {
      do {
        return try HostFiles.removeDirectory(path)
      } catch {
        if error.errno == ENOENT { return }
        guard error.errno == EBUSY || error.errno == ENOTEMPTY else { throw error }
        for child in try children() { try child.remove(deadline: deadline) }
        if monotonicNanoseconds() > deadline {
          throw ClassifiedError(
            .conflict, "the cgroup still has processes", object: path, advice: "kill them first")
        }
      }
      usleep(pause)
      pause = min(pause * 2, 20_000)
    }
  }

  // MARK: Control files

  /// Writes a value into a control file.
  ///
  /// Throws: `unsupported` when there is no such file, else what the kernel says about the value.
  func write(_ value: some CustomStringConvertible, to file: String) throws(ClassifiedError) {
    do {
      try attempt(value, to: file)
    } catch {
      throw Self.explain(error, file, value, path)
    }
  }

  /// Writes a value without putting an error in words, for callers that have another way.
  func attempt(_ value: some CustomStringConvertible, to file: String) throws(SystemError) {
    let text = value.description
    let before = change == nil ? nil : try CgroupChange.restoration(of: file, in: self, for: text)
    try HostFiles.write(text, toExisting: "\(path)/\(file)")
    if let before { change?.keep(before, of: "\(path)/\(file)") }
  }

  /// An error of `attempt` in the words of `write`.
  func explain(_ error: SystemError, _ file: String, _ value: some CustomStringConvertible) -> ClassifiedError {
    Self.explain(error, file, value, path)
  }

  /// Writes several values, each its own write, into one control file.
  func write(lines: [String], to file: String) throws {
    if lines.isEmpty { return }
    let control: Descriptor
    do {
      control = try HostFiles.open("\(path)/\(file)", .writeOnly)
    } catch {
      throw Self.explain(error, file, lines[0], path)
    }
    for line in lines {
      do {
        let before = change == nil ? nil : try CgroupChange.restoration(of: file, in: self, for: line)
        try control.writeAll(line)
        if let before { change?.keep(before, of: "\(path)/\(file)") }
      } catch {
        throw Self.explain(error, file, line, path)
      }
    }
  }

  /// The text of a control file; nil when there is none.
  func read(_ file: String) throws(SystemError) -> String? {
    do {
      guard let bytes = try HostFiles.readIfPresent("\(path)/\(file)") else { return nil }
      return String(decoding: bytes, as: UTF8.self)
    } catch {
      // The cgroup was removed while its file was open.
      if error.errno == ENODEV || error.errno == EOPNOTSUPP { return nil }
      throw error
    }
  }

  /// The number in a control file; nil when there is none, for "max", and for -1.
  func number(_ file: String) throws(SystemError) -> UInt64? {
    try read(file).flatMap { UInt64($0.filter { !$0.isWhitespace }) }
  }

  /// A control file of lines "name number".
  func table(_ file: String) throws(SystemError) -> [String: UInt64]? {
    guard let text = try read(file) else { return nil }
    var table: [String: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2, let number = UInt64(fields[1]) { table[String(fields[0])] = number }
    }
    return table
  }

  /// The processes in this directory and those below.
  func processes() throws(SystemError) -> [Int32] {
    guard let text = try read("cgroup.procs") else { return [] }
    // 0 stands for a process that this process cannot see.
    var processes = text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 != 0 }
    for child in try children() { processes += try child.processes() }
    return processes
  }

  private static func explain(
    _ error: SystemError, _ file: String, _ value: some CustomStringConvertible, _ path: String
  ) -> ClassifiedError {
    if error.errno == ENOENT {
      return ClassifiedError(.unsupported, "cannot set \(file) to \(value): the kernel has no such limit", object: path)
    }
    let kind = error.errno == ERANGE ? ErrorKind.invalid : error.kind
    return ClassifiedError(kind, "cannot set \(file) to \(value): \(error.reason)", object: path)
  }
}

/// That a limit was asked for and its controller is not there.
func missingController(
  _ controller: String, for limit: String, orElse advice: String = "enable the controller on this host"
) -> ClassifiedError {
  ClassifiedError(
    .unsupported, "cannot set \(limit): the \(controller) cgroup controller is not available",
    advice: "leave the limit out, or \(advice)")
}
