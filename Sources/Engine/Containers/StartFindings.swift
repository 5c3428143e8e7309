import Diagnostics
import EngineAPI
import LinuxKernel
import OCIRuntimeSpec

/// Finds out, before a spec is written, what a plan leaves open: users in the image, devices, sources of mounts.
/// Blocking.
enum StartFindings {
  static func gather(
    for container: Container, _ plan: ContainerPlan, _ layout: EngineLayout
  ) throws -> ContainerPlan.Findings {
    try checkSources(plan.mounts)
    let files = LayeredFiles(
      upper: "\(layout.directory(of: container.id))/upper", layers: layout.layers,
      lower: container.configuration.layers)
    let accounts = try files.accounts()
    var findings = ContainerPlan.Findings(
      user: try accounts.find(plan.process.user, additionalGroups: plan.process.additionalGroups))
    findings.devices = try devices(plan.resources)
    for limit in plan.resources.blockDevices {
      findings.blockNumbers[limit.path] = try HostFiles.status(limit.path).representedDevice
    }
    return findings
  }

  /// Each source of a bind must be there, or is made when it was asked for with `-v`. Blocking.
  ///
  /// Throws: `invalid` for one that is missing.
  static func checkSources(_ mounts: MountsPlan) throws {
    for mount in mounts.mounts {
      guard case .bind(let path, let isMadeWhenMissing) = mount.source, try !HostFiles.exists(path) else { continue }
      guard isMadeWhenMissing else {
        throw ClassifiedError(
          .invalid,
          "invalid mount config for type \"bind\": bind source path does not exist: \(path)")
      }
      try HostFiles.makeDirectories(path)
    }
  }

  private static func devices(_ resources: ResourcesPlan) throws -> [FoundDevice] {
    var found = resources.allDevices ? try everyDevice() : []
    for mapping in resources.devices {
      // The user's own path on the host: links in it are the host's.
      let matches = try devices(at: mapping.pathOnHost, as: mapping.pathInContainer)
      guard !matches.isEmpty else {
        throw ClassifiedError(
          .invalid,
          "error gathering device information while adding custom device \"\(mapping.pathOnHost)\": "
            + "not a device node")
      }
      let taken = Set(matches.map(\.path))
      found.removeAll { taken.contains($0.device.path) }
      found += matches.map { FoundDevice(device: $0, access: mapping.cgroupPermissions) }
    }
    return found
  }

  /// The device at a path, or the devices in the directory there.
  private static func devices(at path: String, as target: String) throws -> [LinuxDevice] {
    let status = try HostFiles.status(path)
    if status.kind == .directory {
      return try HostFiles.list(path).flatMap { name -> [LinuxDevice] in
        guard let entry = try? HostFiles.status("\(path)/\(name)", followingLink: false), entry.kind != .symbolicLink
        else { return [] }
        return try devices(at: "\(path)/\(name)", as: "\(target)/\(name)")
      }
    }
    let kinds: [FileKind: LinuxDevice.Kind] = [.characterDevice: .character, .blockDevice: .block]
    guard let kind = kinds[status.kind] else { return [] }
    return [
      LinuxDevice(
        path: target, type: kind, major: Int64(status.representedDevice.major),
        minor: Int64(status.representedDevice.minor), fileMode: status.permissions & 0o777, uid: status.user,
        gid: status.group)
    ]
  }

  /// All devices of the host but those that every container has its own of.
  private static func everyDevice() throws -> [FoundDevice] {
    let own: Set<String> = [
      "pts", "shm", "fd", "mqueue", "console", "ptmx", "full", "null", "random", "tty", "urandom", "zero",
    ]
    return try HostFiles.list("/dev").filter { !own.contains($0) && !$0.hasPrefix(".") }.flatMap { name in
      let status = try HostFiles.status("/dev/\(name)", followingLink: false)
      return status.kind == .symbolicLink ? [] : try devices(at: "/dev/\(name)", as: "/dev/\(name)")
    }.map { FoundDevice(device: $0, access: "rwm") }
  }
}
