import LinuxKernel
import OCIRuntimeSpec

/// A group of processes with limits of its own, on whichever versions of cgroups the host has. cgroups(7).
///
/// The value names the cgroup; the kernel holds all state, so any process can make one for the same path.
public protocol Cgroup: Sendable {
  var path: CgroupPath { get }

  /// Makes the cgroup, and those above it where they are missing. One that is there already is taken over.
  ///
  /// Where a cgroup v2 above has processes of its own, it has no controllers: a limit then is an error of `apply`.
  ///
  /// Throws: `forbidden` without the right to.
  func create() throws

  /// Whether any part of the cgroup is there.
  func exists() throws -> Bool

  /// Sets the limits that are present in `resources`; what is absent stays as it is.
  ///
  /// Throws: `unsupported`, naming the limit, where this host cannot keep it; `conflict` for a memory limit below what
  /// is in use; `invalid` or `forbidden` as the kernel says. The limits before the one that failed are set then.
  func apply(_ resources: LinuxResources) throws

  /// Sets limits of a cgroup in use as `apply` does, all of them or none: after a failure they are as they were before. A
  /// memory limit that would kill somebody is a failure. What is returned takes the whole back later.
  func change(_ resources: LinuxResources) throws -> CgroupChange

  /// Makes as much of the cgroup as a process can be cloned into; `create` makes the rest. Nothing on v1 alone. False
  /// when that was there already.
  func prepareForClone() throws -> Bool

  /// The directory to clone a process into, where the host has cgroup v2; nil on v1 alone. `Clone.clone`.
  func openForClone() throws -> Descriptor?

  /// Moves the calling process into the cgroup. It has one thread only, and was cloned into `openForClone` if
  /// `afterClone`: this way a container's first process gets there without waiting for a grace period of the kernel.
  func join(afterClone: Bool) throws

  /// The processes in the cgroup and those below.
  func processes() throws -> [Int32]

  /// Whether any of its hierarchies has processes in the cgroup or below.
  func isOccupied() throws -> Bool

  /// Sends a signal to all processes in the cgroup and those below. Ones that appear meanwhile may be missed.
  func send(_ signal: Signal) throws

  /// Kills all processes in the cgroup and those below, also those that fork meanwhile and those that are frozen. They
  /// may be still ending when this returns.
  func killAll() throws

  /// Stops all processes where they are, and returns when they have. Throws: `unavailable` when one cannot be stopped.
  func freeze() throws

  /// Lets them go on.
  func thaw() throws

  /// Whether the processes are stopped.
  func isFrozen() throws -> Bool

  /// How many processes the kernel has killed here because the memory was used up; 0 without the memory controller.
  func outOfMemoryKills() throws -> UInt64

  /// What the cgroup uses now.
  func statistics() throws -> CgroupStatistics

  /// Removes the cgroup and those below. Processes that are just ending are waited for, a second at most; that the
  /// cgroup is not there is no error.
  ///
  /// Throws: `conflict` when there are processes in it.
  func delete() throws
}
