import CLinux
import Glibc

/// Properties of the calling process. prctl(2) and its small neighbours.
public enum ProcessControl {
  /// No program executed from here on gains privileges: set-user-id and file capabilities do nothing.
  public static func setNoNewPrivileges() throws(SystemError) {
    try prctl("set no-new-privileges", 38, 1)
  }

  /// Makes this process the parent of orphans among its descendants.
  public static func setChildSubreaper(_ enabled: Bool = true) throws(SystemError) {
    try prctl("set child subreaper", 36, enabled ? 1 : 0)
  }

  /// What is sent to this process when the thread that made it ends; nil for nothing. An exec of a set-user-id program
  /// or a change of user clears it.
  public static func setParentDeathSignal(_ signal: Signal?) throws(SystemError) {
    try prctl("set parent death signal", 1, UInt(signal?.rawValue ?? 0))
  }

  /// The thread's name in ps, cut at 15 bytes.
  public static func setName(_ name: String) throws(SystemError) {
    try systemCall("set name", name) {
      unsafe name.withKernelString { clinux_prctl(15, UInt(bitPattern: $0), 0, 0, 0) }
    }
  }

  /// Whether others of the same user may trace this process and open its files in /proc.
  public static func setDumpable(_ dumpable: Bool) throws(SystemError) {
    try prctl("set dumpable", 4, dumpable ? 1 : 0)
  }

  /// Whether a change of all user ids away from 0 leaves the permitted capabilities.
  public static func setKeepCapabilities(_ keep: Bool) throws(SystemError) {
    try prctl("set keep-capabilities", 8, keep ? 1 : 0)
  }

  /// The bits of SECBIT_…, capabilities(7).
  public static func setSecureBits(_ bits: UInt32) throws(SystemError) {
    try prctl("set secure bits", 28, UInt(bits))
  }

  /// Leads a new session. setsid(2). Throws: EPERM when it leads a process group.
  @discardableResult
  public static func newSession() throws(SystemError) -> Int32 {
    try systemCall("setsid") { setsid() }
  }

  /// The permission bits that new files do not get. umask(2).
  @discardableResult
  public static func setUmask(_ mask: UInt32) -> UInt32 {
    UInt32(umask(mode_t(mask)))
  }

  /// Which older system's ways the process sees. personality(2).
  public static func setPersonality(_ persona: UInt) throws(SystemError) {
    try systemCall("set personality", "\(persona)") { clinux_personality(persona) }
  }

  /// How gladly the kernel kills the process when memory is short: -1000 (never) to 1000. proc(5).
  public static func setOutOfMemoryScore(_ score: Int, of pid: String = "self") throws(SystemError) {
    try HostFiles.write("\(score)", toExisting: "/proc/\(pid)/oom_score_adj")
  }

  /// Closes every descriptor from `first` on but those of these numbers. close_range(2), Linux 5.9.
  ///
  /// Values of this program that own one of the closed numbers are stale from here on: this is for a process that is
  /// about to become another program.
  public static func closeDescriptors(from first: Int32, keeping kept: [Int32] = []) throws(SystemError) {
    var next = UInt32(bitPattern: first)
    for number in kept.sorted() where number >= first {
      let number = UInt32(bitPattern: number)
      if number > next {
        try systemCall("close descriptors", "from \(next)") { clinux_close_range(next, number - 1, 0) }
      }
      next = number + 1
    }
    try systemCall("close descriptors", "from \(next)") { clinux_close_range(next, .max, 0) }
  }

  /// Whether a program that this process executes keeps the descriptor of this number: it is open and not
  /// close-on-exec, as nothing is that this program has opened itself.
  public static func isInherited(_ number: Int32) -> Bool {
    clinux_fcntl(number, F_GETFD, 0) == 0
  }

  /// Makes every descriptor from `first` on close-on-exec. close_range(2), Linux 5.11.
  public static func closeDescriptorsOnExec(from first: Int32) throws(SystemError) {
    let closeOnExec: UInt32 = 4
    try systemCall("set close-on-exec", "from \(first)") { clinux_close_range(UInt32(first), .max, closeOnExec) }
  }

  /// The number of this process.
  public static var currentID: Int32 { getpid() }

  /// The number of its parent.
  public static var parentID: Int32 { getppid() }

  private static func prctl(_ name: StaticString, _ operation: Int32, _ value: UInt) throws(SystemError) {
    try systemCall(name) { clinux_prctl(operation, value, 0, 0, 0) }
  }
}
