import CLinux
import Glibc

/// When the process runs and how its input and output is served.
public enum Scheduling {
  /// sched_setattr(2). `policy` and `flags` are the kernel's numbers; the times are nanoseconds, for deadlines only.
  public static func setPolicy(
    _ policy: UInt32, flags: UInt64 = 0, nice: Int32 = 0, priority: UInt32 = 0,
    runtime: UInt64 = 0, deadline: UInt64 = 0, period: UInt64 = 0
  ) throws(SystemError) {
    let times: [3 of UInt64] = [runtime, deadline, period]
    try systemCall("set scheduling policy", "\(policy)") {
      unsafe times.span.withUnsafeBufferPointer {
        unsafe clinux_sched_setattr(0, policy, flags, nice, priority, $0.baseAddress)
      }
    }
  }

  /// The class (1 real-time, 2 best effort, 3 idle) and level (0 to 7) of input and output. ioprio_set(2).
  public static func setInputOutputPriority(class: Int32, level: Int32) throws(SystemError) {
    try systemCall("set I/O priority", "\(`class`):\(level)") { clinux_ioprio_set(0, `class` << 13 | level) }
  }

  /// The processors that the process may run on. sched_setaffinity(2).
  public static func setProcessors(_ processors: Set<Int>, of pid: Int32 = 0) throws(SystemError) {
    var mask = [UInt8](repeating: 0, count: 1024 / 8)
    for processor in processors {
      guard (0..<1024).contains(processor) else {
        throw SystemError(errno: EINVAL, call: "set processors", object: "\(processor)")
      }
      mask[processor / 8] |= 1 << UInt8(processor % 8)
    }
    try systemCall("set processors", "\(processors.sorted())") {
      unsafe mask.withUnsafeBufferPointer { unsafe clinux_sched_setaffinity(pid, $0.baseAddress, $0.count) }
    }
  }
}
