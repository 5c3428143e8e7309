import Diagnostics
import LinuxKernel
import NIOCore
import NIOPosix

/// The file of a unix socket: who may connect is decided by its owner, group and permissions.
struct UnixSocketFile: Sendable {
  let path: String

  /// Removes a socket that a dead server left behind, and nothing else.
  ///
  /// Throws: kind `conflict` when a server answers on it, or when the path is something other than a socket.
  func clear(group: any EventLoopGroup) async throws {
    guard try HostFiles.exists(path) else { return }
    guard try HostFiles.status(path, followingLink: false).kind == .socket else {
      throw ClassifiedError(.conflict, "exists and is not a socket", object: path)
    }
    do {
      let channel = try await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get()
      try await channel.close()
    } catch {
      try HostFiles.remove(path)
      return
    }
    throw ClassifiedError(.conflict, "another server is listening", object: path, advice: "stop it, or use another -H")
  }

  /// Removes the file at the end, unless it has gone.
  func remove() throws {
    if try HostFiles.exists(path) { try HostFiles.remove(path) }
  }

  /// Lets the group's members connect: 0660.
  func admit(groupID: UInt32?) throws {
    if let groupID { try HostFiles.setOwner(path, user: 0, group: groupID) }
    try HostFiles.setPermissions(path, 0o660)
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
