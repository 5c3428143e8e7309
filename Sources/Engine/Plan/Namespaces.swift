import Diagnostics
import EngineAPI
import OCIRuntimeSpec

/// Which namespaces a container shares with the host, and what it sets in its own.
struct NamespacesPlan: Sendable, Equatable {
  var sharesPID: Bool
  var sharesIPC: Bool
  var sharesUTS: Bool
  var sharesCgroup: Bool
  /// No `/dev/shm` at all (`--ipc none`).
  var hasSharedMemory: Bool
  var hostname: String
  var domainname: String
  var sysctls: [String: String]

  /// Whose network a container shares, and what both are called.
  struct Owner: Sendable, Equatable {
    var id: ContainerID
    var hostname: String
    var domainname: String
  }

  /// - Parameter owner: Whose network it shares; nil: it shares none.
  ///
  /// Throws: `unsupported` for another container's namespaces, `invalid` for unknown modes and combinations.
  static func plan(
    _ config: ContainerConfig, _ host: HostConfig, id: ContainerID, hostname machine: String, owner: Owner? = nil
  ) throws(ClassifiedError) -> NamespacesPlan {
    let ipc = try mode("IPC", host.ipcMode, known: ["", "private", "shareable", "host", "none"])
    let pid = try mode("PID", host.pidMode, known: ["", "private", "host"])
    let uts = try mode("UTS", host.utsMode, known: ["", "host"])
    let cgroup = try mode("cgroup namespace", host.cgroupnsMode, known: ["", "private", "host"])
    let users = try mode("user namespace", host.usernsMode, known: ["", "host"])
    try refuse("Cgroup \(host.cgroup)", if: !host.cgroup.isEmpty)
    _ = users
    let network = host.networkMode
    try require(
      uts != "host" || config.hostname.isEmpty,
      "conflicting options: hostname and the UTS mode")
    try require(
      uts != "host" || config.domainname.isEmpty,
      "conflicting options: domainname and the UTS mode")
    try require(config.hostname.utf8.count <= 64, "invalid hostname \(config.hostname): longer than 64 bytes")
    for name in (host.sysctls ?? [:]).keys.sorted() {
      try checkSysctl(name, sharesIPC: ipc == "host", sharesNetwork: network == "host", sharesUTS: uts == "host")
    }
    let isNamedByMachine = uts == "host" || (network == "host" && config.hostname.isEmpty)
    let own = isNamedByMachine ? machine : (config.hostname.isEmpty ? id.short : config.hostname)
    return NamespacesPlan(
      sharesPID: pid == "host", sharesIPC: ipc == "host", sharesUTS: uts == "host", sharesCgroup: cgroup == "host",
      hasSharedMemory: ipc != "none",
      hostname: owner?.hostname ?? own, domainname: owner?.domainname ?? config.domainname, sysctls: host.sysctls ?? [:]
    )
  }

  private static func mode(_ kind: String, _ value: String, known: Set<String>) throws(ClassifiedError) -> String {
    try refuse("\(kind) mode \(value)", if: value.hasPrefix("container:"))
    try require(known.contains(value), "invalid \(kind) mode: \(value)")
    return value
  }

  /// Only what a namespace of the container holds may be set: anything else would change the host.
  private static func checkSysctl(
    _ name: String, sharesIPC: Bool, sharesNetwork: Bool, sharesUTS: Bool
  ) throws(ClassifiedError) {
    try require(SysctlName(name) != nil, "sysctl '\(name)' is not whitelisted")
    let ofIPC =
      name.hasPrefix("fs.mqueue.") || name.hasPrefix("kernel.shm") || name.hasPrefix("kernel.msg")
      || name == "kernel.sem"
    if ofIPC {
      try require(!sharesIPC, "sysctl '\(name)' is not allowed as IPC namespace is shared with the host")
    } else if name.hasPrefix("net.") {
      try require(!sharesNetwork, "sysctl '\(name)' is not allowed in host network mode")
    } else if name == "kernel.domainname" {
      try require(!sharesUTS, "sysctl '\(name)' is not allowed as UTS namespace is shared with the host")
    } else {
      throw ClassifiedError(.invalid, "sysctl '\(name)' is not whitelisted")
    }
  }

  /// The namespaces to make, apart from the network's.
  func spec(_ spec: inout Spec) {
    spec.hostname = sharesUTS ? "" : hostname
    var kinds: [LinuxNamespace.Kind] = [.mount]
    if !sharesUTS { kinds.append(.uts) }
    if !sharesPID { kinds.append(.pid) }
    if !sharesIPC { kinds.append(.ipc) }
    if !sharesCgroup { kinds.append(.cgroup) }
    spec.domainname = sharesUTS ? "" : domainname
    spec.linux?.namespaces += kinds.map { LinuxNamespace(type: $0) }
    spec.linux?.sysctl = sysctls
  }

  /// The resolved defaults in what inspect shows.
  func view(_ inspect: inout ContainerInspect) {
    inspect.config.hostname = hostname
    inspect.config.domainname = domainname
    if inspect.hostConfig.ipcMode.isEmpty { inspect.hostConfig.ipcMode = "private" }
    if inspect.hostConfig.cgroupnsMode.isEmpty { inspect.hostConfig.cgroupnsMode = "private" }
  }
}
