import CLinux
import Glibc

/// Replaces the program of this process. execve(2), execveat(2). The calls return only to throw.
public enum Execute {
  /// Executes the file at a path; nothing is searched. Throws: ENOENT, EACCES, ENOEXEC.
  public static func path(_ path: String, arguments: [String], environment: [String]) throws(SystemError) -> Never {
    try systemCall("exec", path) {
      unsafe path.withKernelString { path in
        unsafe withCStringArray(arguments) { arguments in
          unsafe withCStringArray(environment) { unsafe execve(path, arguments, $0) }
        }
      }
    }
    preconditionFailure("execve returned without an error")
  }

  /// Executes an open file. A script needs a descriptor that is inherited, since its interpreter opens it by number.
  public static func descriptor(_ file: borrowing Descriptor, arguments: [String], environment: [String])
    throws(SystemError) -> Never
  {
    let emptyPath: Int32 = 0x1000
    try systemCall("exec", arguments.first ?? "") {
      unsafe withCStringArray(arguments) { arguments in
        unsafe withCStringArray(environment) { environment in
          unsafe clinux_execveat(file.rawValue, "", arguments, environment, emptyPath)
        }
      }
    }
    preconditionFailure("execveat returned without an error")
  }

  /// The path of a command as execvp(3) would find it: itself when it has a slash, else the first executable file in
  /// the directories of `searchPath`. nil when there is none.
  public static func search(_ command: String, searchPath: String) -> String? {
    if command.contains("/") { return command }
    if command.isEmpty { return nil }
    for directory in searchPath.split(separator: ":", omittingEmptySubsequences: false) {
      let path = directory.isEmpty ? command : "\(directory)/\(command)"
      if HostFiles.isExecutable(path), (try? HostFiles.status(path).kind) == .regular { return path }
    }
    return nil
  }
}
