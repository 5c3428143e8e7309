import Diagnostics
import EngineAPI
import OCIRuntimeSpec

/// What is mounted in a container, apart from its root.
struct MountsPlan: Sendable, Equatable {
  var mounts: [PlannedMount]
  var isRootReadonly: Bool
  /// Bytes of /dev/shm.
  var sharedMemorySize: Int64
  var warnings: [String] = []

  static let defaultSharedMemorySize: Int64 = 64 << 20

  /// Throws: `unsupported` for volumes, `invalid` with dockerd's sentence for malformed mounts.
  static func plan(_ config: ContainerConfig, _ host: HostConfig, imageVolumes: Set<String>) throws(ClassifiedError)
    -> MountsPlan
  {
    try refuse("VolumesFrom", if: host.volumesFrom?.isEmpty == false)
    try refuse("VolumeDriver \(host.volumeDriver)", if: !host.volumeDriver.isEmpty && host.volumeDriver != "local")
    try refuse("StorageOpt", if: host.storageOpt?.isEmpty == false)
    try require(host.shmSize >= 0, "SHM size can not be less than 0")
    var plan = MountsPlan(
      mounts: [], isRootReadonly: host.readonlyRootfs,
      sharedMemorySize: host.shmSize == 0 ? defaultSharedMemorySize : host.shmSize)
    for bind in host.binds ?? [] { plan.mounts.append(try PlannedMount(bind: bind)) }
    for mount in host.mounts ?? [] { plan.mounts.append(try PlannedMount(mount)) }
    for (target, options) in (host.tmpfs ?? [:]).sorted(by: { $0.key < $1.key }) {
      plan.mounts.append(try PlannedMount(tmpfs: target, options: options))
    }
    var targets: Set<String> = []
    for mount in plan.mounts {
      try require(targets.insert(mount.target).inserted, "Duplicate mount point: \(mount.target)")
    }
    for volume in (config.volumes ?? [:]).keys.sorted() where !targets.contains(volume) {
      try refuse(
        "an anonymous volume at \(volume)", if: !imageVolumes.contains(volume), advice: "bind-mount a directory")
      plan.warnings.append(
        "The image declares a volume at \(volume). Volumes are not supported yet: its files stay in the container.")
    }
    // A mount point inside another one must be mounted after it.
    plan.mounts.sort { ($0.depth, $0.target) < ($1.depth, $1.target) }
    return plan
  }
}

extension MountsPlan {
  /// The files of a container's directory that are bound into it.
  static let ownFiles = [
    (name: "resolv.conf", target: "/etc/resolv.conf"), (name: "hostname", target: "/etc/hostname"),
    (name: "hosts", target: "/etc/hosts"),
  ]

  /// All mounts in their order: the kernel's, the engine's files, the user's. The user's take the place of those at
  /// the same path.
  func spec(namespaces: NamespacesPlan, isPrivileged: Bool, containerDirectory: String) -> [SpecMount] {
    let targets = Set(mounts.map(\.target))
    let ownFiles = MountsPlan.ownFiles.map { file in
      SpecMount(
        destination: file.target, type: "bind", source: "\(containerDirectory)/\(file.name)",
        options: ["rbind", "rprivate"] + (isRootReadonly ? ["ro"] : []))
    }
    let defaults = kernelMounts(namespaces, isPrivileged) + ownFiles
    let kept = defaults.filter { mount in
      !targets.contains(mount.destination)
        && !(targets.contains("/dev") && mount.destination.hasPrefix("/dev/"))
        && !(targets.contains("/sys") && mount.destination.hasPrefix("/sys/"))
    }
    return kept + mounts.map(\.spec)
  }

  private func kernelMounts(_ namespaces: NamespacesPlan, _ isPrivileged: Bool) -> [SpecMount] {
    let quiet = ["nosuid", "noexec", "nodev"]
    let readonly = isPrivileged ? ["rw"] : ["ro"]
    var mounts = [
      SpecMount(destination: "/proc", type: "proc", source: "proc", options: quiet),
      SpecMount(
        destination: "/dev", type: "tmpfs", source: "tmpfs",
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      SpecMount(
        destination: "/dev/pts", type: "devpts", source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
      SpecMount(destination: "/sys", type: "sysfs", source: "sysfs", options: quiet + readonly),
      SpecMount(destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: quiet + readonly),
    ]
    if namespaces.sharesIPC {
      mounts += ["/dev/mqueue", "/dev/shm"].map {
        SpecMount(destination: $0, type: "bind", source: $0, options: ["rbind", "rprivate"] + quiet)
      }
    } else {
      mounts.append(SpecMount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: quiet))
      if namespaces.hasSharedMemory {
        mounts.append(
          SpecMount(
            destination: "/dev/shm", type: "tmpfs", source: "shm",
            options: quiet + ["mode=1777", "size=\(sharedMemorySize)"]))
      }
    }
    return mounts
  }

  func view(_ inspect: inout ContainerInspect) {
    inspect.mounts = mounts.compactMap(\.view)
    if inspect.hostConfig.shmSize == 0 { inspect.hostConfig.shmSize = sharedMemorySize }
  }
}
