import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// The cgroup of a container, on this host.
struct ContainerCgroup: Sendable {
  let hierarchy: CgroupHierarchy
  let cgroup: any Cgroup

  var path: CgroupPath { cgroup.path }

  /// The cgroup that the configuration asks for.
  ///
  /// Throws: `invalid` for a path that leads upwards, `unsupported` for systemd's cgroups where systemd runs.
  init(_ linux: Linux, id: String, settings: RuntimeSettings) throws {
    let hierarchy = try CgroupHierarchy.current()
    self.init(hierarchy, path: try Self.path(linux.cgroupsPath, id: id, settings: settings))
  }

  /// The cgroup of a container that exists; nil when it has none of its own.
  init?(_ record: ContainerRecord) throws {
    guard !record.cgroupPath.isEmpty else { return nil }
    try self.init(path: try CgroupPath(record.cgroupPath))
  }

  /// The cgroup of this path.
  init(path: CgroupPath) throws {
    self.init(try CgroupHierarchy.current(), path: path)
  }

  private init(_ hierarchy: CgroupHierarchy, path: CgroupPath) {
    self.hierarchy = hierarchy
    cgroup = hierarchy.cgroup(path)
  }

  /// Whether the cgroup has to be made. One that is there must be free: a container that shared it would take the
  /// others' processes along at its own end.
  ///
  /// Throws: `conflict` when others use it.
  func isNew() throws -> Bool {
    guard try cgroup.exists() else { return true }
    if try cgroup.isOccupied() { throw conflict("the container's cgroup is not empty") }
    if try cgroup.isFrozen() { throw conflict("the container's cgroup is frozen") }
    return false
  }

  /// Makes of it what init is cloned into.
  ///
  /// Throws: `conflict` when it was to be new, and somebody else has made it meanwhile.
  func prepare(isNew: Bool) throws {
    let isMade = try cgroup.prepareForClone()
    if isNew, !isMade { throw conflict("the container's cgroup is being made by somebody else") }
  }

  private func conflict(_ reason: String) -> ClassifiedError {
    ClassifiedError(.conflict, reason, object: path.description, advice: "choose another cgroupsPath or id")
  }

  /// Makes the cgroup and sets its limits. Devices that neither a rule nor `alwaysAllowedDevices` opens stay shut, also
  /// when there is no rule at all.
  func make(_ resources: LinuxResources?) throws {
    try cgroup.create()
    var resources = resources ?? LinuxResources()
    resources.devices += Self.missingDevices(resources.devices)
    try cgroup.apply(resources)
  }

  /// What a container may do with devices whatever its rules say: make any node, and use those that it always has
  /// (runtime-spec config-linux.md, "Default Devices") and its terminals.
  private static let alwaysAllowedDevices: [LinuxDeviceRule] = {
    let numbers: [(major: Int64, minor: Int64?)] = [
      (1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, nil),
    ]
    return [
      LinuxDeviceRule(allow: true, type: "c", access: "m"), LinuxDeviceRule(allow: true, type: "b", access: "m"),
    ]
      + numbers.map {
        LinuxDeviceRule(allow: true, type: "c", major: $0.major, minor: $0.minor, access: "rwm")
      }
  }()

  /// Those of the always allowed devices that the rules do not end up allowing by the same words.
  private static func missingDevices(_ rules: [LinuxDeviceRule]) -> [LinuxDeviceRule] {
    let allowed = rules[(rules.lastIndex { !$0.allow }.map { $0 + 1 } ?? 0)...]
    return alwaysAllowedDevices.filter { !allowed.contains($0) }
  }

  /// Clones with the new process in the cgroup, where that can be said at the clone.
  func clone(_ options: Clone.Options) throws -> Clone.Side {
    guard let directory = try cgroup.openForClone() else { return try Clone.clone(options) }
    return try Clone.clone(options, cgroup: directory)
  }

  /// Called in the new process: joins what a clone cannot.
  func join() throws {
    try cgroup.join(afterClone: true)
  }

  /// A cgroup below this one, which must be there; the cgroup itself for nil.
  func below(_ name: String?) throws -> ContainerCgroup {
    guard let name, !name.isEmpty, name != "/" else { return self }
    let lower = ContainerCgroup(hierarchy, path: try CgroupPath("\(path)/\(name)"))
    guard try lower.cgroup.exists() else {
      throw ClassifiedError(.notFound, "no such cgroup", object: lower.path.description)
    }
    return lower
  }

  /// The cgroup below this one that a process is in now, of version 2.
  func leaf(of pid: Int32) throws -> ContainerCgroup {
    let lines = try HostFiles.readText("/proc/\(pid)/cgroup").split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("0::") }) else {
      throw ClassifiedError(.system, "the process has no cgroup of version 2", object: "\(pid)")
    }
    let path = String(line.dropFirst("0::".count))
    guard path.hasPrefix("\(self.path)/") else {
      throw ClassifiedError(.conflict, "init is not in the container's cgroup", object: path)
    }
    return ContainerCgroup(hierarchy, path: try CgroupPath(path))
  }

  func mounts(hasOwnNamespace: Bool) -> CgroupMounts {
    CgroupMounts(hierarchy: hierarchy, path: path, hasOwnNamespace: hasOwnNamespace)
  }

  private static func path(_ text: String, id: String, settings: RuntimeSettings) throws -> CgroupPath {
    guard settings.usesSystemdCgroups else { return try CgroupPath(text.isEmpty ? "/\(id)" : text) }
    // systemd takes away again what is not its own: a container's limits would go with its next change of the slice.
    guard try !HostFiles.exists("/run/systemd/system") else {
      throw ClassifiedError(
        .unsupported, "--systemd-cgroup: cgroups made by systemd are not supported", advice: "use the driver cgroupfs")
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, !parts[2].isEmpty else {
      throw ClassifiedError(
        .invalid, "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"\(text)\"")
    }
    let unit = parts[2].hasSuffix(".slice") ? parts[2] : "\(parts[1])-\(parts[2]).scope"
    return try CgroupPath("\(try slicePath(parts[0]))/\(unit)")
  }

  /// A slice lies below those that its name begins with: a-b.slice is a.slice/a-b.slice (systemd.slice(5)).
  private static func slicePath(_ slice: String) throws -> String {
    if slice.isEmpty { return "/system.slice" }
    if slice == "-.slice" { return "" }
    guard slice.hasSuffix(".slice"), !slice.contains("/") else {
      throw ClassifiedError(.invalid, "invalid slice name \"\(slice)\" in cgroupsPath")
    }
    var path = ""
    var prefix = ""
    for part in slice.dropLast(".slice".count).split(separator: "-", omittingEmptySubsequences: false) {
      guard !part.isEmpty else { throw ClassifiedError(.invalid, "invalid slice name \"\(slice)\" in cgroupsPath") }
      path += "/\(prefix)\(part).slice"
      prefix += "\(part)-"
    }
    return path
  }
}
