import LinuxKernel

/// What a cgroup uses. A part is nil where the host has no controller for it.
public struct CgroupStatistics: Sendable, Equatable {
  /// Times in nanoseconds.
  public struct CPU: Sendable, Equatable {
    public var total: UInt64 = 0
    public var user: UInt64 = 0
    public var system: UInt64 = 0
    /// By processor; empty on cgroup v2, which does not tell.
    public var byProcessor: [UInt64] = []
    public var periods: UInt64 = 0
    public var throttledPeriods: UInt64 = 0
    public var throttledTime: UInt64 = 0
  }

  /// In bytes.
  public struct Memory: Sendable, Equatable {
    public var usage: UInt64 = 0
    /// The most that was used; nil where the kernel does not keep it.
    public var peak: UInt64?
    /// nil without a limit.
    public var limit: UInt64?
    public var swapUsage: UInt64?
    /// How often the limit was met.
    public var failures: UInt64 = 0
    /// memory.stat, by the kernel's own names, which differ between the versions.
    public var details: [String: UInt64] = [:]

    /// What is used without the file cache that the kernel gives back first: what `docker stats` shows.
    public var usageWithoutInactiveCache: UInt64 {
      let inactive = details["total_inactive_file"] ?? details["inactive_file"] ?? 0
      return usage > inactive ? usage - inactive : usage
    }
  }

  public struct Pids: Sendable, Equatable {
    public var current: UInt64 = 0
    /// nil without a limit.
    public var limit: UInt64?
  }

  /// What one block device did for the cgroup.
  public struct Device: Sendable, Equatable {
    public var number: DeviceNumber
    public var readBytes: UInt64 = 0
    public var writtenBytes: UInt64 = 0
    public var reads: UInt64 = 0
    public var writes: UInt64 = 0
  }

  public var cpu: CPU?
  public var memory: Memory?
  public var pids: Pids?
  public var devices: [Device]?

  public init() {}
}
