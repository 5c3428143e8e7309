import ContainerRuntime
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

extension Verb {
  static let update = Verb(
    name: "update", usage: "[options] ID", summary: "change the limits of a container",
    options: [
      .value("resources", "r", "file with the limits as JSON; - is standard input"),
      .value("blkio-weight", "weight of block I/O, 10 to 1000"),
      .value("cpu-period", "period of the CPU quota, microseconds"),
      .value("cpu-quota", "CPU time in a period, microseconds"),
      .value("cpu-burst", "saved CPU time on top, microseconds"),
      .value("cpu-share", "relative weight of CPU time"),
      .value("cpuset-cpus", "processors, 0-3,7"),
      .value("cpuset-mems", "memory nodes"),
      .value("cpu-idle", "1 for SCHED_IDLE"),
      .value("memory", "memory limit, bytes"),
      .value("memory-reservation", "soft memory limit, bytes"),
      .value("memory-swap", "memory and swap together, bytes"),
      .value("pids-limit", "number of tasks"),
    ]
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "update [options] ID")[0]
    try Container.load(id, settings: settings).update(try LinuxResources(arguments))
    return 0
  }
}

extension LinuxResources {
  fileprivate init(_ arguments: ParsedArguments) throws {
    if let file = arguments["resources"] {
      do {
        try self.init(json: file == "-" ? StandardStream.duplicate(0).readAll() : HostFiles.read(file))
      } catch let error as JSONError {
        throw ClassifiedError(.invalid, "\(error)", object: file)
      }
      return
    }
    self.init()
    let cpu = LinuxCPU(
      shares: try arguments.integer("cpu-share"), quota: try arguments.integer("cpu-quota"),
      burst: try arguments.integer("cpu-burst"), period: try arguments.integer("cpu-period"),
      cpus: arguments["cpuset-cpus"] ?? "", mems: arguments["cpuset-mems"] ?? "",
      idle: try arguments.integer("cpu-idle"))
    if cpu != LinuxCPU() { self.cpu = cpu }
    let memory = LinuxMemory(
      limit: try arguments.integer("memory"), reservation: try arguments.integer("memory-reservation"),
      swap: try arguments.integer("memory-swap"))
    if memory != LinuxMemory() { self.memory = memory }
    if let limit: Int64 = try arguments.integer("pids-limit") { pids = LinuxPids(limit: limit) }
    if let weight: UInt16 = try arguments.integer("blkio-weight") { blockIO = LinuxBlockIO(weight: weight) }
  }
}
