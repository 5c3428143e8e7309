import Diagnostics
import LinuxKernel

/// Finds the program of a process as execvp(3) would, and says what is wrong in the words that Docker's server reads:
/// it turns them into the exit codes 127 and 126.
struct ProgramLookup {
  /// What runc calls all that follows.
  private static let step = "unable to start container process"

  private let command: String
  private let searchPath: String

  init(_ process: ProcessPlan) {
    command = process.arguments[0]
    let entry = process.environment.last { $0.hasPrefix("PATH=") }
    searchPath = entry.map { String($0.dropFirst("PATH=".count)) } ?? "/bin:/usr/bin"
  }

  /// Throws: `notFound` when there is no such file, `forbidden` when it cannot be executed.
  func find() throws -> String {
    guard !command.isEmpty, let path = Execute.search(command, searchPath: searchPath) else {
      throw failure(.notFound, "executable file not found in $PATH")
    }
    let inside: FileStatus?
    do throws(SystemError) {
      inside = try Self.statusInside(path)
    } catch {
      throw failure(error.kind, "stat \(path): \(error.reason)")
    }
    guard let status = inside else {
      throw failure(.forbidden, "is outside of the container's root: permission denied")
    }
    if status.kind == .directory { throw failure(.forbidden, "is a directory: permission denied") }
    guard HostFiles.isExecutable(path) else { throw failure(.forbidden, "permission denied") }
    return path
  }

  /// What the kernel tells about a file inside the root; nil when the path leads out of it, as it can through
  /// /proc/self/fd and a descriptor that the program is to inherit.
  private static func statusInside(_ path: String) throws(SystemError) -> FileStatus? {
    do {
      return try HostFiles.openByName(path, .pathOnly).status()
    } catch {
      // A filter of system calls may not know this one. By now no other descriptor leads out.
      guard error.kind == .invalid else { return try HostFiles.status(path) }
    }
    // Inside is what can be reached by its name too.
    let file = try HostFiles.open(path, .pathOnly)
    let status = try file.status()
    guard let name = try? file.target(), let named = try? HostFiles.openByName(name, .pathOnly).status(),
      (named.device, named.inode) == (status.device, status.inode)
    else { return nil }
    return status
  }

  /// What an exec that the kernel refused is called.
  static func refused(_ path: String, _ error: SystemError) -> ClassifiedError {
    ClassifiedError(error.kind, "\(step): exec \(path): \(error.reason)")
  }

  private func failure(_ kind: ErrorKind, _ reason: String) -> ClassifiedError {
    ClassifiedError(kind, "\(Self.step): exec: \"\(command)\": \(reason)")
  }
}
