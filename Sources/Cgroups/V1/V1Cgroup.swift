import Diagnostics
import Glibc
import LinuxKernel
import OCIRuntimeSpec

/// A cgroup of version 1: a directory in each of the hierarchies. On a hybrid host also one in the hierarchy of
/// version 2, which has no controllers there and serves to kill all processes at once.
struct V1Cgroup: Cgroup {
  let path: CgroupPath
  let hierarchies: [CgroupHierarchy.Version1]
  let unified: V2Cgroup?
  /// Where a change that may be taken back keeps what it writes over.
  var change: CgroupChange?

  // MARK: Life

  func create() throws {
    for hierarchy in hierarchies { try create(in: hierarchy) }
    _ = try unified?.makeDirectories()
  }

  private func create(in hierarchy: CgroupHierarchy.Version1) throws {
    let isCpuset = hierarchy.controllers.contains("cpuset")
    do {
      _ = try directory(in: hierarchy).make()
    } catch {
      guard error.errno == ENOENT else { throw error }
      // The first cgroup below a new parent: from the top down, once in the life of the parent.
      var above = hierarchy.mountPoint
      for name in path.components {
        let directory = CgroupDirectory(path: "\(above)/\(name)")
        if try directory.make(), isCpuset { try V1Cpuset.inherit(from: CgroupDirectory(path: above), to: directory) }
        above = directory.path
      }
    }
  }

  func exists() throws -> Bool {
    for hierarchy in hierarchies where try directory(in: hierarchy).exists() { return true }
    return try unified?.exists() ?? false
  }

  func delete() throws {
    let deadline = monotonicNanoseconds() + 1_000_000_000
    for hierarchy in hierarchies { try directory(in: hierarchy).remove(deadline: deadline) }
    try unified?.delete()
  }

  // MARK: Limits

  func apply(_ resources: LinuxResources) throws {
    // Devices first: whatever else fails, no device is open by accident.
    if !resources.devices.isEmpty { try V1Devices.apply(resources.devices, to: self) }
    if let memory = resources.memory { try V1Memory.apply(memory, to: self) }
    if let cpu = resources.cpu {
      try V1Cpuset.apply(cpu, to: self)
      try V1CPU.apply(cpu, to: self)
    }
    if let pids = resources.pids { try V1Pids.apply(pids, to: self) }
    if let blockIO = resources.blockIO { try V1BlockIO.apply(blockIO, to: self) }
    try V1HugePages.apply(resources.hugepageLimits, to: self)
    if let network = resources.network { try V1Network.apply(network, to: self) }
    for (device, limit) in resources.rdma.sorted(by: { $0.key < $1.key }) {
      try require("rdma", for: "rdma limits").write(RdmaLimit.line(device, limit), to: "rdma.max")
    }
    if let file = resources.unified.keys.min() {
      throw ClassifiedError(
        .unsupported, "cannot set \(file): the host keeps its limits on cgroup v1", object: path.description,
        advice: "use the limits that have names of their own")
    }
  }

  /// The kernel makes room for a smaller memory limit if it can, and refuses it if not.
  func change(_ resources: LinuxResources) throws -> CgroupChange {
    var keeping = self
    return try performChange {
      keeping.change = $0
      try keeping.apply(resources)
    }
  }

  // MARK: Processes

  func prepareForClone() throws -> Bool { try unified?.makeDirectories() ?? true }

  func openForClone() throws -> Descriptor? {
    try unified?.openForClone()
  }

  /// Writes "0" to `tasks` in each hierarchy: that moves the calling thread without the grace period that a write to
  /// `cgroup.procs` waits for.
  func join(afterClone: Bool) throws {
    for hierarchy in hierarchies {
      let directory = directory(in: hierarchy)
      do {
        try directory.attempt("0", to: "tasks")
      } catch {
        // A cpuset without processors takes nobody in: its parent was not made by us.
        guard error.errno == ENOSPC, hierarchy.controllers.contains("cpuset") else {
          throw joinError(error, directory)
        }
        try V1Cpuset.inherit(from: parentDirectory(in: hierarchy), to: directory)
        do {
          try directory.attempt("0", to: "tasks")
        } catch {
          throw joinError(error, directory)
        }
      }
    }
    try unified?.join(afterClone: afterClone)
  }

  private func joinError(_ error: SystemError, _ directory: CgroupDirectory) -> ClassifiedError {
    ClassifiedError(error.kind, "cannot join the cgroup: \(error.reason)", object: directory.path)
  }

  /// From the hierarchy that is most likely to be there in full: that of pids, else the first.
  func processes() throws -> [Int32] {
    let hierarchy = hierarchies.first { $0.controllers.contains("pids") } ?? hierarchies.first
    return try hierarchy.map { try directory(in: $0).processes() } ?? []
  }

  func isOccupied() throws -> Bool {
    for hierarchy in hierarchies where try !directory(in: hierarchy).processes().isEmpty { return true }
    return try unified?.isOccupied() ?? false
  }

  func send(_ signal: Signal) throws {
    try sendSignal(signal, toAll: try processes())
  }

  func killAll() throws {
    let freezer = try directory(of: "freezer").map { try $0.exists() } ?? false
    // Version 2 kills all by one write. Without it, nobody can fork while frozen and the list is worked through; a
    // cgroup that does not freeze in time is killed all the same, as often as there is somebody new.
    if try unified?.killAtOnce() != true, freezer { try? V1Freezer.freeze(self) }
    try killUntilNobodyIsNew(processes)
    // A frozen process dies when it is thawed.
    if freezer { try V1Freezer.thaw(self) }
  }

  func freeze() throws { try V1Freezer.freeze(self) }

  func thaw() throws { try V1Freezer.thaw(self) }

  func isFrozen() throws -> Bool { try V1Freezer.isFrozen(self) }

  // MARK: Asking

  func outOfMemoryKills() throws -> UInt64 {
    try directory(of: "memory")?.table("memory.oom_control")?["oom_kill"] ?? 0
  }

  func statistics() throws -> CgroupStatistics {
    var statistics = CgroupStatistics()
    statistics.cpu = try V1CPU.statistics(self)
    statistics.memory = try V1Memory.statistics(self)
    statistics.pids = try V1Pids.statistics(self)
    statistics.devices = try V1BlockIO.statistics(self)
    return statistics
  }

  // MARK: Directories

  /// The directory of a controller; nil when the controller is not mounted.
  func directory(of controller: String) -> CgroupDirectory? {
    hierarchies.first { $0.controllers.contains(controller) }.map(directory(in:))
  }

  /// The directory of a controller that a limit needs.
  func require(_ controller: String, for limit: String) throws(ClassifiedError) -> CgroupDirectory {
    guard let directory = directory(of: controller) else { throw missingController(controller, for: limit) }
    return directory
  }

  private func directory(in hierarchy: CgroupHierarchy.Version1) -> CgroupDirectory {
    CgroupDirectory(path: hierarchy.mountPoint + path.description, change: change)
  }

  private func parentDirectory(in hierarchy: CgroupHierarchy.Version1) -> CgroupDirectory {
    CgroupDirectory(path: hierarchy.mountPoint + (path.parent?.description ?? ""))
  }
}

/// Kills whom `processes` lists until it lists nobody new.
func killUntilNobodyIsNew(_ processes: () throws -> [Int32]) throws {
  var killed: Set<Int32> = []
  while true {
    let fresh = try processes().filter { killed.insert($0).inserted }
    if fresh.isEmpty { return }
    try sendSignal(.kill, toAll: fresh)
  }
}

/// Sends a signal to each; those that have gone meanwhile do not count.
func sendSignal(_ signal: Signal, toAll processes: [Int32]) throws(SystemError) {
  for pid in processes {
    do {
      try signal.send(to: pid)
    } catch {
      if error.errno != ESRCH { throw error }
    }
  }
}
