import Diagnostics
import LinuxKernel
import OCIImageSpec
import StateStore

/// What an engine stands on: its directories, its database, its programs, and what it knows of the machine. Blocking.
struct Foundations: Sendable {
  let database: Database.Opening
  let facts: HostFacts
  let surroundings: ContainerPlan.Surroundings
  let cgroups: ContainerCgroups
  let shims: ShimSpawn
  let identity: String
  /// The kernel's boot id (random(4)).
  let boot: String

  init(_ configuration: EngineConfiguration, _ layout: EngineLayout) throws {
    // Containers' files hold set-user-id programs and secrets: other users must not walk through (CVE-2021-41091).
    try HostFiles.makeDirectories(configuration.dataRoot, permissions: 0o710)
    for directory in [configuration.execRoot, layout.containers, layout.shims, layout.bundles, layout.runtimeRoot] {
      try HostFiles.makeDirectories(directory, permissions: 0o711)
    }
    database = try Database.open(at: layout.database)
    cgroups = try ContainerCgroups()
    shims = try ShimSpawn(programDirectory: configuration.programDirectory)
    identity = try Foundations.identity(layout.identity)
    boot = try Foundations.line("/proc/sys/kernel/random/boot_id")
    var facts = HostFacts()
    facts.cpuCount = try Foundations.onlineProcessors()
    facts.cgroupVersion = cgroups.version
    facts.limitsSwap = cgroups.limitsSwap
    facts.thermalPaths = try Foundations.thermalPaths()
    facts.architecture = Platform.host.architecture
    self.facts = facts
    // What this process has not got, not even a privileged container can be given.
    let held = try ThreadCapabilities.current().permitted.intersection(ThreadCapabilities.bounding())
    var network = NetworkPlan.Defaults(configuration.networking)
    network.limitsSockets = cgroups.tellsSockets
    surroundings = ContainerPlan.Surroundings(
      facts: facts, cgroupParent: configuration.cgroupParent,
      machineName: try Foundations.line("/proc/sys/kernel/hostname"),
      knownCapabilities: held.capabilities.map(\.description),
      initProgram: "\(configuration.programDirectory)/apus-runtime",
      network: network)
  }

  private static func line(_ path: String) throws -> String {
    try HostFiles.readText(path).split(separator: "\n").first.map(String.init) ?? ""
  }

  private static func identity(_ path: String) throws -> String {
    if let bytes = try HostFiles.readIfPresent(path), !bytes.isEmpty { return String(decoding: bytes, as: UTF8.self) }
    let digits = Array(randomHexadecimal(words: 2))
    let groups = [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20..<32]]
    let identity = groups.map { String($0) }.joined(separator: "-")
    try HostFiles.replace(path, with: Array(identity.utf8))
    return identity
  }

  /// `0-3,7` counts as five.
  private static func onlineProcessors() throws -> Int {
    try line("/sys/devices/system/cpu/online").split(separator: ",").reduce(0) { count, part in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      return count + (ends.count == 2 ? ends[1] - ends[0] + 1 : 1)
    }
  }

  private static func thermalPaths() throws -> [String] {
    let base = "/sys/devices/system/cpu"
    return try HostFiles.list(base).map { "\(base)/\($0)/thermal_throttle" }.filter { try HostFiles.exists($0) }
  }
}
