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
    let status: FileStatus
    do throws(SystemError) {
      status = try HostFiles.status(path)
    } catch {
      throw failure(error.kind, "stat \(path): \(error.reason)")
    }
    if status.kind == .directory { throw failure(.forbidden, "is a directory: permission denied") }
    guard HostFiles.isExecutable(path) else { throw failure(.forbidden, "permission denied") }
    return path
  }

  /// What an exec that the kernel refused is called.
  static func refused(_ path: String, _ error: SystemError) -> ClassifiedError {
    ClassifiedError(error.kind, "\(step): exec \(path): \(error.reason)")
  }

  private func failure(_ kind: ErrorKind, _ reason: String) -> ClassifiedError {
    ClassifiedError(kind, "\(Self.step): exec: \"\(command)\": \(reason)")
  }
}
