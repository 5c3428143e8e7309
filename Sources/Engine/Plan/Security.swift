import Diagnostics
import EngineAPI
import OCIRuntimeSpec
import SeccompFilter

/// What a container's processes may do.
struct SecurityPlan: Sendable, Equatable {
  enum Seccomp: Sendable, Equatable {
    case builtin
    case unconfined
    case custom(SeccompProfile)
  }

  var isPrivileged: Bool
  /// By name, sorted: `CAP_CHOWN`.
  var capabilities: [String]
  var seccomp: Seccomp
  var noNewPrivileges: Bool
  /// Empty: none.
  var appArmorProfile: String
  var maskedPaths: [String]
  var readonlyPaths: [String]

  /// What an unprivileged container's root may do: Docker's list.
  static let defaultCapabilities = [
    "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
    "CAP_SYS_CHROOT",
  ]

  /// Files of the kernel that tell about or reach the host.
  static let defaultMaskedPaths = [
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
    "/sys/firmware",
  ]

  /// Files of the kernel that a container may look at.
  static let defaultReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

  /// Throws: `invalid` for unknown capabilities and malformed options, `unsupported` for what is not there.
  static func plan(_ host: HostConfig, facts: HostFacts, knownCapabilities: [String]) throws(ClassifiedError)
    -> SecurityPlan
  {
    let privileged = host.privileged
    var plan = SecurityPlan(
      isPrivileged: privileged,
      capabilities: try capabilities(
        privileged ? knownCapabilities : defaultCapabilities, add: host.capAdd ?? [], drop: host.capDrop ?? [],
        known: knownCapabilities),
      seccomp: privileged ? .unconfined : .builtin, noNewPrivileges: false, appArmorProfile: "",
      maskedPaths: host.maskedPaths ?? (privileged ? [] : defaultMaskedPaths + facts.thermalPaths),
      readonlyPaths: host.readonlyPaths ?? (privileged ? [] : defaultReadonlyPaths))
    for option in host.securityOpt ?? [] {
      try plan.apply(option, facts)
    }
    return plan
  }

  private static func capabilities(
    _ base: [String], add: [String], drop: [String], known: [String]
  ) throws(ClassifiedError) -> [String] {
    let added = try normalised(add, "CapAdd", known)
    let dropped = try normalised(drop, "CapDrop", known)
    // ALL in one list makes the other the list of exceptions.
    var kept = Set(added.contains("ALL") ? known : dropped.contains("ALL") ? [] : base)
    if !dropped.contains("ALL") { kept.subtract(dropped) }
    kept.formUnion(added.subtracting(["ALL"]))
    return kept.sorted()
  }

  private static func normalised(
    _ names: [String], _ field: String, _ known: [String]
  ) throws(ClassifiedError) -> Set<String> {
    var result: Set<String> = []
    for name in names {
      let upper = name.uppercased()
      let full = upper == "ALL" || upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
      try require(full == "ALL" || known.contains(full), "invalid \(field): unknown capability: \"\(full)\"")
      result.insert(full)
    }
    return result
  }

  private mutating func apply(_ option: String, _ facts: HostFacts) throws(ClassifiedError) {
    if option == "no-new-privileges" {
      noNewPrivileges = true
      return
    }
    // The older form writes a colon.
    guard let split = option.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
      try refuse("security option \(option)", if: option == "writable-cgroups")
      throw ClassifiedError(.invalid, "invalid --security-opt 1: \"\(option)\"")
    }
    let key = option[..<split]
    let value = String(option[option.index(after: split)...])
    switch key {
    case "no-new-privileges":
      guard let flag = Bool(value) else {
        throw ClassifiedError(.invalid, "invalid value for no-new-privileges: \(value)")
      }
      noNewPrivileges = flag
    case "seccomp":
      switch value {
      case "unconfined": seccomp = .unconfined
      case "builtin": seccomp = .builtin
      default: seccomp = .custom(try SeccompProfile(json: value))
      }
    case "apparmor":
      try refuse(
        "AppArmor profile \(value)", if: value != "unconfined" && !value.isEmpty, advice: "use apparmor=unconfined")
    case "label":
      try refuse("SELinux label \(value)", if: value != "disable", advice: "use label=disable")
    case "systempaths":
      try require(value == "unconfined", "invalid value for systempaths: \(value)")
      maskedPaths = []
      readonlyPaths = []
    default:
      throw ClassifiedError(.invalid, "invalid --security-opt 2: \"\(option)\"")
    }
  }
}

extension SecurityPlan {
  /// The rights of a process of this container. Programs that are not root's keep them in the bounding set only.
  func capabilities(uid: UInt32) -> LinuxCapabilities {
    LinuxCapabilities(
      bounding: capabilities, effective: uid == 0 ? capabilities : [], permitted: uid == 0 ? capabilities : [])
  }

  /// Writes the confinement into a spec that has its process.
  func spec(_ spec: inout Spec) {
    spec.linux?.maskedPaths = maskedPaths
    spec.linux?.readonlyPaths = readonlyPaths
    spec.process?.noNewPrivileges = noNewPrivileges
    spec.process?.apparmorProfile = appArmorProfile
    switch seccomp {
    case .unconfined: break
    case .builtin: spec.linux?.seccomp = LinuxSeccomp.defaultProfile(capabilities: capabilities)
    case .custom(let profile): spec.linux?.seccomp = profile.filter(capabilities: Set(capabilities))
    }
  }

  func view(_ inspect: inout ContainerInspect) {
    inspect.appArmorProfile = appArmorProfile
    inspect.hostConfig.maskedPaths = maskedPaths
    inspect.hostConfig.readonlyPaths = readonlyPaths
  }
}
