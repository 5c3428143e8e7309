import Diagnostics
import EngineServer
import LinuxKernel

/// What only one server may hold: its two directories and its pid file. The kernel lets go of them when it dies.
struct ServerLocks: ~Copyable {
  private let dataRoot: FileLock
  private let execRoot: FileLock
  private let pidFile: FileLock
  private let pidPath: String

  /// Makes the directories where they are missing, and writes the pid file.
  ///
  /// Throws: kind `conflict` when another server uses one of them.
  init(_ settings: ServerSettings) throws {
    // All of them before any is kept: a value that cannot be copied cannot be half made.
    // Other users must not look into containers' files; those of the group may reach the socket.
    let dataRoot = try Self.hold(settings.dataRoot, permissions: 0o710, as: "data root")
    let execRoot = try Self.hold(settings.execRoot, permissions: 0o711, as: "exec root")
    guard let pidFile = try FileLock.ifFree(settings.pidFile) else {
      throw Self.taken("the pid file", settings.pidFile)
    }
    try pidFile.descriptor.truncate(to: 0)
    try pidFile.descriptor.writeAll("\(ProcessControl.currentID)\n")
    self.dataRoot = dataRoot
    self.execRoot = execRoot
    self.pidFile = pidFile
    pidPath = settings.pidFile
  }

  private static func hold(_ directory: String, permissions: UInt32, as name: String) throws -> FileLock {
    try HostFiles.makeDirectories(directory, permissions: permissions)
    guard let lock = try FileLock.ifFree("\(directory)/apusd.lock") else { throw taken("the \(name)", directory) }
    return lock
  }

  private static func taken(_ what: String, _ path: String) -> ClassifiedError {
    ClassifiedError(
      .conflict, "another server uses \(what)", object: path,
      advice: "stop it, or give this one another --data-root, --exec-root and --pidfile")
  }

  /// Removes the pid file at the end, while it is still ours.
  consuming func release() throws {
    try HostFiles.remove(pidPath)
  }
}
