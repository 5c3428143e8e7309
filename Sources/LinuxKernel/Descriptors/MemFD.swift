import CLinux
import Glibc

/// A file in memory without a name. memfd_create(2).
///
/// Sealed, it can be executed by anybody and changed by nobody: a container that reaches the file it was started from
/// (CVE-2019-5736) reaches a copy that it cannot write.
public enum MemFD {
  /// MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_EXEC.
  private static let (closeOnExec, allowSealing, executable): (UInt32, UInt32, UInt32) = (1, 2, 0x10)
  /// F_ADD_SEALS, F_GET_SEALS.
  private static let (addSeals, getSeals): (Int32, Int32) = (1033, 1034)
  /// F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE.
  private static let everySeal = 0x01 | 0x02 | 0x04 | 0x08

  private static let sealAttempts = 20

  /// An empty file. `name` shows in /proc only.
  public static func create(_ name: String) throws(SystemError) -> Descriptor {
    do {
      return try create(name, closeOnExec | allowSealing | executable)
    } catch {
      // Before Linux 6.3 there is no MFD_EXEC, and every memfd is executable.
      guard error.errno == EINVAL else { throw error }
      return try create(name, closeOnExec | allowSealing)
    }
  }

  /// A sealed copy of a program, to execute by descriptor.
  public static func sealedCopy(of program: borrowing Descriptor, name: String) throws(SystemError) -> Descriptor {
    let copy = try create(name)
    try program.copyAll(to: copy)
    try seal(copy)
    return copy
  }

  /// Forbids every later change of the file, by anyone.
  public static func seal(_ file: borrowing Descriptor) throws(SystemError) {
    // The kernel waits up to 150 ms for whoever holds a page of the file, such as its own compaction or a copy that has
    // just been made, and then gives up with EBUSY: on a busy machine that passes.
    for _ in 1..<sealAttempts {
      do throws(SystemError) {
        return try addEverySeal(to: file)
      } catch {
        guard error.errno == EBUSY else { throw error }
      }
    }
    try addEverySeal(to: file)
  }

  private static func addEverySeal(to file: borrowing Descriptor) throws(SystemError) {
    try systemCall("seal", "memfd") { clinux_fcntl(file.rawValue, addSeals, everySeal) }
  }

  /// Whether this process runs from a file that nobody can change: a sealed memfd.
  public static func runsFromSealedFile() throws(SystemError) -> Bool {
    isSealed(try HostFiles.open("/proc/self/exe", .readOnly))
  }

  /// Whether the file carries every seal. A file that is no memfd carries none.
  public static func isSealed(_ file: borrowing Descriptor) -> Bool {
    let seals = clinux_fcntl(file.rawValue, getSeals, 0)
    return seals >= 0 && Int(seals) & everySeal == everySeal
  }

  private static func create(_ name: String, _ flags: UInt32) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try systemCall("make memfd", name) {
        unsafe name.withKernelString { unsafe clinux_memfd_create($0, flags) }
      })
  }
}
