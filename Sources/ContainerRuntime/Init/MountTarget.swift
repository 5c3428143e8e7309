import Diagnostics
import LinuxKernel

/// The place in the container's root where something is to be mounted, made when it is missing. All look-ups stay
/// inside the root, whatever symbolic links the image or another container puts there.
enum MountTarget {
  /// Opens the place for `mount`; `isDirectory` says what it must be when it has to be made.
  static func open(
    _ mount: MountPlan, isDirectory: Bool, in root: borrowing RootedDirectory
  ) throws -> Descriptor {
    let target = try openOrMake(mount.destination, isDirectory: isDirectory, in: root)
    if try target.fileSystemType() == ProcFileSystem.magic { try checkInsideProc(mount) }
    return target
  }

  /// The same for a mount of procfs or sysfs, which must not be reached through a symbolic link: other software finds
  /// them by their names (CVE-2019-19921).
  static func openPlain(_ path: String, in root: borrowing RootedDirectory) throws -> Descriptor {
    do throws(SystemError) {
      return try root.open(path, [.pathOnly, .directory, .noFollow])
    } catch {
      guard error.kind == .notFound else { throw error }
      return try root.makeDirectories(path).descriptor.duplicate()
    }
  }

  static func openOrMake(
    _ path: String, isDirectory: Bool, in root: borrowing RootedDirectory
  ) throws(SystemError) -> Descriptor {
    do {
      return try root.open(path, isDirectory ? [.pathOnly, .directory] : .pathOnly)
    } catch {
      guard error.kind == .notFound else { throw error }
    }
    if isDirectory { return try root.makeDirectories(path).descriptor.duplicate() }
    guard let (above, name) = path.splitLast else {
      throw SystemError(errno: 22, call: "make mount point", object: path)
    }
    let parent = try root.makeDirectories(above)
    do {
      try parent.makeNode(name, kind: .regular, permissions: 0o644)
    } catch {
      guard error.kind == .conflict else { throw error }
    }
    return try root.open(path, .pathOnly)
  }

  /// Files of /proc that may be covered, as lxcfs does; anything else there would hide the kernel's answers from the
  /// runtime itself (CVE-2023-28642).
  private static let coverable: Set<String> = [
    "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg",
    "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
  ]

  private static func checkInsideProc(_ mount: MountPlan) throws {
    let path = normalised(mount.destination)
    if coverable.contains(path) { return }
    // A second /proc over the first is what nested engines ask for.
    if path == "/proc", mount.showsProc { return }
    throw ClassifiedError(.forbidden, "\(mount.destination) cannot be mounted because it is inside /proc")
  }

  /// A path without empty and "." components; ".." goes up as text, so that it cannot hide a prefix.
  static func normalised(_ path: String) -> String {
    var components: [Substring] = []
    for component in path.split(separator: "/") where component != "." {
      if component == ".." { _ = components.popLast() } else { components.append(component) }
    }
    return "/" + components.joined(separator: "/")
  }
}

extension MountPlan {
  fileprivate var showsProc: Bool {
    switch kind {
    case .fileSystem(let type, _): type == "proc"
    case .bind(let source, _): (try? HostFiles.open(source, .pathOnly).fileSystemType()) == ProcFileSystem.magic
    case .cgroup: false
    }
  }
}
