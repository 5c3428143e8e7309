import Glibc
import LinuxKernel

/// Hands controllers down from the root to the cgroup of a path: a cgroup has those that its parent has put into
/// `cgroup.subtree_control`. cgroup-v2.rst, "Enabling and Disabling".
struct V2Controllers {
  let path: CgroupPath
  let root: String

  /// Those that limit or count what a container uses.
  private static let wanted: Set<Substring> = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma"]

  /// Gives the cgroup every controller that its hierarchy has. Usually its parent already does, and one look at the
  /// cgroup's own list says so.
  func enable() throws {
    let available = try list("cgroup.controllers", at: root).intersection(Self.wanted)
    if try list("cgroup.controllers", at: root + path.description).isSuperset(of: available) { return }
    var above = root
    for name in path.components {
      try enable(available, at: CgroupDirectory(path: above))
      above += "/\(name)"
    }
  }

  private func enable(_ controllers: Set<Substring>, at directory: CgroupDirectory) throws {
    let missing = controllers.subtracting(try list("cgroup.subtree_control", at: directory.path))
    for controller in missing.sorted() {
      do {
        try directory.attempt("+\(controller)", to: "cgroup.subtree_control")
      } catch {
        switch error.errno {
        case EBUSY, ENOENT, EINVAL, EOPNOTSUPP:
          // A cgroup with processes of its own above, not handed down to here, or taken by a threaded or realtime setup.
          // Whoever needs it gets an error that names the limit.
          continue
        default: throw error
        }
      }
    }
  }

  private func list(_ file: String, at path: String) throws -> Set<Substring> {
    Set(try CgroupDirectory(path: path).read(file)?.split(whereSeparator: \.isWhitespace) ?? [])
  }
}
