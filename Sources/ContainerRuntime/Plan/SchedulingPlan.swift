import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// When the process runs and how its I/O is served: `process.scheduler` and `process.ioPriority`.
struct SchedulingPlan: Sendable {
  private var scheduler: (policy: UInt32, flags: UInt64, values: Scheduler)?
  private var ioPriority: (class: Int32, level: Int32)?

  /// SCHED_… of sched(7), at the index that is its number.
  private static let policies = [
    "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE",
  ]
  /// SCHED_FLAG_… of sched_setattr(2), at the index that is its bit.
  private static let flags = [
    "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
    "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX",
  ]

  init(_ process: Process) throws {
    if let scheduler = process.scheduler { self.scheduler = try Self.read(scheduler) }
    if let priority = process.ioPriority {
      guard (0...7).contains(priority.priority) else {
        throw ClassifiedError(.invalid, "process.ioPriority.priority \(priority.priority) is not between 0 and 7")
      }
      let number: Int32 =
        switch priority.class {
        case .realtime: 1
        case .bestEffort: 2
        case .idle: 3
        }
      ioPriority = (number, Int32(priority.priority))
    }
  }

  private static func read(_ scheduler: Scheduler) throws -> (UInt32, UInt64, Scheduler) {
    guard let policy = policies.firstIndex(of: scheduler.policy) else {
      throw ClassifiedError(.invalid, "unknown policy \"\(scheduler.policy)\" in process.scheduler")
    }
    let realtime = ["SCHED_FIFO", "SCHED_RR"].contains(scheduler.policy)
    if scheduler.priority != 0, !realtime {
      throw ClassifiedError(.invalid, "process.scheduler.priority is for SCHED_FIFO and SCHED_RR only")
    }
    let hasTimes = scheduler.runtime != 0 || scheduler.deadline != 0 || scheduler.period != 0
    if hasTimes, scheduler.policy != "SCHED_DEADLINE" {
      throw ClassifiedError(.invalid, "process.scheduler: runtime, deadline and period are for SCHED_DEADLINE only")
    }
    var bits: UInt64 = 0
    for name in scheduler.flags {
      guard let bit = flags.firstIndex(of: name) else {
        throw ClassifiedError(.invalid, "unknown flag \"\(name)\" in process.scheduler")
      }
      bits |= 1 << UInt64(bit)
    }
    return (UInt32(policy), bits, scheduler)
  }

  /// Makes it the calling process's.
  func apply() throws(SystemError) {
    if let (policy, flags, values) = scheduler {
      try Scheduling.setPolicy(
        policy, flags: flags, nice: values.nice, priority: UInt32(bitPattern: values.priority),
        runtime: values.runtime, deadline: values.deadline, period: values.period)
    }
    if let (number, level) = ioPriority {
      try Scheduling.setInputOutputPriority(class: number, level: level)
    }
  }
}
