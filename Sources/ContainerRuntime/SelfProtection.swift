import Diagnostics
import LinuxKernel

/// Keeps containers away from the runtime's own file (CVE-2019-5736): a container that makes its program a link to
/// /proc/self/exe would execute the runtime inside, and could then open its file through /proc and write into it.
///
/// So whatever runs code in a container runs from a file that cannot be written: a sealed memfd, which a server may
/// prepare, or else a read-only mount of the file that no namespace holds. Whether that is so is read from the kernel,
/// never from an argument or a variable that somebody could set.
public enum SelfProtection {
  /// Executes the program again from a file that cannot be written, unless it runs from one already.
  public static func ensure(arguments: [String], environment: [String]) throws {
    let program = try HostFiles.open("/proc/self/exe", .pathOnly)
    if try program.isOnReadOnlyMount() { return }
    if try MemFD.runsFromSealedFile() { return }
    let tree = try MountTree(copying: program)
    try tree.setAttributes(.readOnly)
    try execute(tree, arguments, environment)
  }

  private static func execute(
    _ tree: borrowing MountTree, _ arguments: [String], _ environment: [String]
  ) throws {
    try Execute.descriptor(tree.descriptor, arguments: arguments, environment: environment)
  }
}
