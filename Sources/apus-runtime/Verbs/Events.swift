import Cgroups
import ContainerRuntime
import Diagnostics
import OCIRuntimeSpec

extension Verb {
  static let events = Verb(
    name: "events", usage: "--stats ID", summary: "print what a container uses",
    options: [.flag("stats", "print once and end"), .value("interval", "how often, without --stats")]
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "events --stats ID")[0]
    guard arguments.isSet("stats") else {
      throw ClassifiedError(.unsupported, "events without --stats is not supported", advice: "call it repeatedly")
    }
    let statistics = try Container.load(id, settings: settings).statistics()
    try StandardOutput.write(StatisticsEvent(id: id, statistics), indented: false)
    return 0
  }
}

/// One line of `events`, in the form of runc's (types/events.go).
private struct StatisticsEvent: JSONObject {
  struct Usage: JSONObject {
    var total: UInt64 = 0
    var percpu: [UInt64] = []
    var kernel: UInt64 = 0
    var user: UInt64 = 0

    mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("total", &total)
      try fields.defaulted("percpu", &percpu)
      try fields.required("kernel", &kernel)
      try fields.required("user", &user)
    }
  }

  struct Throttling: JSONObject {
    var periods: UInt64 = 0
    var throttledPeriods: UInt64 = 0
    var throttledTime: UInt64 = 0

    mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.defaulted("periods", &periods)
      try fields.defaulted("throttledPeriods", &throttledPeriods)
      try fields.defaulted("throttledTime", &throttledTime)
    }
  }

  struct CPU: JSONObject {
    var usage = Usage()
    var throttling = Throttling()

    mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("usage", &usage)
      try fields.required("throttling", &throttling)
    }
  }

  struct MemoryEntry: JSONObject {
    var limit: UInt64 = 0
    var usage: UInt64 = 0
    var max: UInt64 = 0
    var failcnt: UInt64 = 0

    mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("limit", &limit)
      try fields.defaulted("usage", &usage)
      try fields.defaulted("max", &max)
      try fields.required("failcnt", &failcnt)
    }
  }

  struct Memory: JSONObject {
    var usage = MemoryEntry()
    var raw: [String: UInt64] = [:]

    mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("usage", &usage)
      try fields.defaulted("raw", &raw)
    }
  }

  struct Pids: JSONObject {
    var current: UInt64 = 0
    var limit: UInt64 = 0

    mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.defaulted("current", &current)
      try fields.defaulted("limit", &limit)
    }
  }

  struct Statistics: JSONObject {
    var cpu = CPU()
    var memory = Memory()
    var pids = Pids()

    mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("cpu", &cpu)
      try fields.required("memory", &memory)
      try fields.required("pids", &pids)
    }
  }

  var type = "stats"
  var id = ""
  var data = Statistics()

  init() {}

  init(id: String, _ statistics: CgroupStatistics) {
    self.id = id
    if let cpu = statistics.cpu {
      data.cpu.usage.total = cpu.total
      data.cpu.usage.percpu = cpu.byProcessor
      data.cpu.usage.kernel = cpu.system
      data.cpu.usage.user = cpu.user
      data.cpu.throttling.periods = cpu.periods
      data.cpu.throttling.throttledPeriods = cpu.throttledPeriods
      data.cpu.throttling.throttledTime = cpu.throttledTime
    }
    if let memory = statistics.memory {
      data.memory.usage.limit = memory.limit ?? .max
      data.memory.usage.usage = memory.usage
      data.memory.usage.max = memory.peak ?? 0
      data.memory.usage.failcnt = memory.failures
      data.memory.raw = memory.details
    }
    if let pids = statistics.pids {
      data.pids.current = pids.current
      data.pids.limit = pids.limit ?? 0
    }
  }

  mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("type", &type)
    try fields.required("id", &id)
    try fields.required("data", &data)
  }
}
