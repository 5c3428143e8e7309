import Diagnostics
import Glibc
import LinuxKernel
import OCIRuntimeSpec

/// A cgroup of version 2: one directory. The kernel's cgroup-v2.rst.
struct V2Cgroup: Cgroup {
  let path: CgroupPath
  /// Where the hierarchy is mounted.
  let root: String
  /// Where a change that may be taken back keeps what it writes over.
  var change: CgroupChange?

  var directory: CgroupDirectory { CgroupDirectory(path: root + path.description, change: change) }

  // MARK: Life

  func create() throws {
    _ = try makeDirectories()
    try V2Controllers(path: path, root: root).enable()
  }

  /// Makes the directories without controllers, which is all there is of version 2 on a hybrid host. Whether the
  /// cgroup's own was not there before.
  func makeDirectories() throws -> Bool {
    do {
      return try directory.make()
    } catch {
      guard error.errno == ENOENT else { throw error }
      var above = root
      var isNew = false
      for name in path.components {
        above += "/\(name)"
        isNew = try CgroupDirectory(path: above).make()
      }
      return isNew
    }
  }

  func exists() throws -> Bool { try directory.exists() }

  func delete() throws {
    try directory.remove(deadline: monotonicNanoseconds() + 1_000_000_000)
  }

  // MARK: Limits

  func apply(_ resources: LinuxResources) throws {
    // Devices first: whatever else fails, no device is open by accident.
    if !resources.devices.isEmpty { try V2Devices.apply(resources.devices, to: self) }
    if let memory = resources.memory { try V2Memory.apply(memory, to: self) }
    if let cpu = resources.cpu {
      try V2Cpuset.apply(cpu, to: self)
      try V2CPU.apply(cpu, to: self)
    }
    if let pids = resources.pids { try V2Pids.apply(pids, to: self) }
    if let blockIO = resources.blockIO { try V2IO.apply(blockIO, to: self) }
    try V2HugePages.apply(resources.hugepageLimits, to: self)
    if let network = resources.network, network.classID != nil || !network.priorities.isEmpty {
      throw ClassifiedError(
        .unsupported, "cannot set network classes or priorities: cgroup v2 has none", object: path.description)
    }
    for (device, limit) in resources.rdma.sorted(by: { $0.key < $1.key }) {
      try write(RdmaLimit.line(device, limit), to: "rdma.max", for: "rdma limits")
    }
    for (file, value) in resources.unified.sorted(by: { $0.key < $1.key }) {
      guard !file.isEmpty, !file.contains("/"), !file.hasPrefix("cgroup.") else {
        throw ClassifiedError(.invalid, "'\(file)' is no limit of a cgroup", object: path.description)
      }
      try write(value, to: file, for: file)
    }
  }

  func change(_ resources: LinuxResources) throws -> CgroupChange {
    if let limit = resources.memory?.limit { try V2Memory.checkRoom(directory, limit) }
    var keeping = self
    return try performChange {
      keeping.change = $0
      try keeping.apply(resources)
    }
  }

  /// Writes a limit.
  ///
  /// Throws: `unsupported`, naming the limit, when the controller (the file's name up to the dot) is not there.
  func write(_ value: some CustomStringConvertible, to file: String, for limit: String) throws(ClassifiedError) {
    do {
      try directory.attempt(value, to: file)
    } catch {
      throw explain(error, value, file, limit)
    }
  }

  /// An error of a write to a limit's file.
  func explain(_ error: SystemError, _ value: some CustomStringConvertible, _ file: String, _ limit: String)
    -> ClassifiedError
  {
    let controller = String(file.prefix { $0 != "." })
    if error.errno == ENOENT, let available = try? directory.read("cgroup.controllers"),
      !available.split(whereSeparator: \.isWhitespace).contains(Substring(controller))
    {
      return missingController(
        controller, for: limit, orElse: "choose a cgroup parent that has no processes of its own")
    }
    return directory.explain(error, file, value)
  }

  // MARK: Processes

  func prepareForClone() throws -> Bool { try makeDirectories() }

  func openForClone() throws -> Descriptor? {
    try HostFiles.open(directory.path, [.directory, .pathOnly])
  }

  func join(afterClone: Bool) throws {
    if afterClone { return }
    do {
      try directory.attempt("0", to: "cgroup.procs")
    } catch {
      throw ClassifiedError(error.kind, "cannot join the cgroup: \(error.reason)", object: directory.path)
    }
  }

  func processes() throws -> [Int32] { try directory.processes() }

  func isOccupied() throws -> Bool { try !processes().isEmpty }

  func send(_ signal: Signal) throws { try sendSignal(signal, toAll: try processes()) }

  func killAll() throws {
    guard try !killAtOnce(), try exists() else { return }
    // Before Linux 5.14: frozen, nobody can fork while the list is worked through.
    try? freeze()
    try killUntilNobodyIsNew(processes)
    try thaw()
  }

  /// Kills all by one write, frozen ones too; whether it could. Linux 5.14.
  func killAtOnce() throws -> Bool {
    do {
      try directory.attempt("1", to: "cgroup.kill")
      return true
    } catch {
      guard error.errno == ENOENT else { throw error }
      return false
    }
  }

  func freeze() throws { try V2Freezer.freeze(directory) }

  func thaw() throws { try directory.write("0", to: "cgroup.freeze") }

  func isFrozen() throws -> Bool { try V2Freezer.isFrozen(directory) }

  // MARK: Asking

  func outOfMemoryKills() throws -> UInt64 {
    try directory.table("memory.events")?["oom_kill"] ?? 0
  }

  func statistics() throws -> CgroupStatistics {
    var statistics = CgroupStatistics()
    statistics.cpu = try V2CPU.statistics(directory)
    statistics.memory = try V2Memory.statistics(directory)
    statistics.pids = try V2Pids.statistics(directory)
    statistics.devices = try V2IO.statistics(directory)
    return statistics
  }

  /// The controllers that the root of a hierarchy has to give.
  static func controllers(ofRoot root: String) throws -> [String] {
    try CgroupDirectory(path: root).read("cgroup.controllers")?.split(whereSeparator: \.isWhitespace).map(String.init)
      ?? []
  }
}
