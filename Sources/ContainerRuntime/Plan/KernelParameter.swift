import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// One entry of `linux.sysctl`. Only parameters that belong to a namespace of the container are accepted: the others
/// are the host's.
struct KernelParameter: Sendable {
  let name: String
  let value: String
  private let components: [String]

  /// Throws: `invalid` when the parameter is the host's.
  init(_ name: String, value: String, namespaces: NamespacePlan) throws {
    guard let kind = Self.namespace(of: name), let place = SysctlName(name) else {
      throw ClassifiedError(.invalid, "sysctl \"\(name)\" is not in a separate kernel namespace")
    }
    guard namespaces.has(kind) else {
      throw ClassifiedError(.invalid, "sysctl \"\(name)\" needs a namespace of its own", advice: "\(kind.rawValue)")
    }
    self.name = name
    self.value = value
    components = place.components
  }

  private static func namespace(of name: String) -> NamespaceKind? {
    let ipc = [
      "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
      "kernel.shmmni", "kernel.shm_rmid_forced",
    ]
    if ipc.contains(name) || name.hasPrefix("fs.mqueue.") { return .ipc }
    if name.hasPrefix("net.") { return .net }
    if name == "kernel.domainname" { return .uts }
    if name.hasPrefix("user.") { return .user }
    return nil
  }

  /// Writes the parameter through the container's own /proc.
  ///
  /// Throws: `forbidden` when what is mounted there is not procfs: the write must not land in a look-alike
  /// (CVE-2025-52881).
  func apply(in root: borrowing RootedDirectory) throws {
    // From the parameter's own part of the tree on, nothing leads out of that.
    let part = RootedDirectory(owning: try root.openDirectory("proc/sys/\(components[0])"))
    let path = components.dropFirst().joined(separator: "/")
    let file = try part.open(path, .writeOnly)
    try ProcFileSystem.verify(file, path: "/proc/sys/\(components[0])/\(path)")
    try file.writeAll(value)
  }
}

/// Telling the kernel's /proc from something else in its place.
enum ProcFileSystem {
  /// PROC_SUPER_MAGIC, statfs(2).
  static let magic: Int64 = 0x9FA0

  static func verify(_ file: borrowing Descriptor, path: String) throws {
    guard try file.fileSystemType() == magic else {
      throw ClassifiedError(.forbidden, "\(path) is not on procfs")
    }
  }
}
