import Diagnostics
import Glibc
import LinuxKernel

/// The file of a unix socket: who may connect is decided by its owner, group and permissions.
struct UnixSocketFile: Sendable {
  let path: String

  /// Listens here, open to the members of a group: 0660. A socket that a dead server left behind is replaced.
  ///
  /// Throws: kind `conflict` when a server answers here, or when something other than a socket is here.
  func listen(groupID: UInt32?) throws -> LinuxKernel.Descriptor {
    if try HostFiles.exists(path) { try clear() }
    let socket = try UnixSocket.listen(at: path, permissions: 0o660, backlog: 256)
    if let groupID { try HostFiles.setOwner(path, user: Credentials.effectiveUser, group: groupID) }
    return socket
  }

  /// Removes a socket on which nobody answers, and nothing else.
  private func clear() throws {
    guard try HostFiles.status(path, followingLink: false).kind == .socket else {
      throw ClassifiedError(.conflict, "exists and is not a socket", object: path)
    }
    guard try isDead() else {
      throw ClassifiedError(
        .conflict, "another server is listening", object: path, advice: "stop it, or give this one another -H")
    }
    try HostFiles.remove(path)
  }

  private func isDead() throws(SystemError) -> Bool {
    do {
      _ = try UnixSocket.connect(to: path)
      return false
    } catch {
      if error.errno == ECONNREFUSED { return true }
      throw error
    }
  }

  /// Removes the file at the end, unless it has gone.
  func remove() throws {
    if try HostFiles.exists(path) { try HostFiles.remove(path) }
  }
}

/// The groups of this machine. group(5).
public enum HostGroups {
  /// The id of a group given by name or number; nil when no such group exists.
  ///
  /// Throws: `SystemError` when the list cannot be read.
  public static func id(of group: String) throws -> UInt32? {
    if let number = UInt32(group) { return number }
    for line in try HostFiles.readText("/etc/group").split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count >= 3, fields[0] == group { return UInt32(fields[2]) }
    }
    return nil
  }
}
