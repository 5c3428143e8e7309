import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// A process of the container as it is to be at its exec: every name read, every value checked.
struct ProcessPlan: Sendable {
  /// The five capability sets.
  struct CapabilitySets: Sendable {
    let bounding: CapabilitySet
    let effective: CapabilitySet
    let permitted: CapabilitySet
    let inheritable: CapabilitySet
    let ambient: CapabilitySet
  }

  let arguments: [String]
  let environment: [String]
  let workingDirectory: String
  let user: UInt32
  let group: UInt32
  let supplementaryGroups: [UInt32]
  let umask: UInt32?
  let terminal: Bool
  let windowSize: WindowSize?
  let capabilities: CapabilitySets
  /// What the configuration names and this runtime does not know: left out, as runc does.
  let unknownCapabilities: [String]
  let limits: [(limit: ResourceLimit, values: ResourceLimit.Values)]
  let noNewPrivileges: Bool
  let outOfMemoryScore: Int?
  let scheduling: SchedulingPlan
  let appArmorProfile: String

  /// Throws: `invalid` for what makes no sense, `unsupported` for what this host or runtime does not have.
  init(_ process: Process) throws {
    guard !process.args.isEmpty else { throw Self.refuse("process.args is empty") }
    guard process.cwd.hasPrefix("/") else { throw Self.refuse("process.cwd \"\(process.cwd)\" is not absolute") }
    arguments = process.args
    environment = process.env
    workingDirectory = process.cwd
    user = process.user.uid
    group = process.user.gid
    guard user != .max, group != .max else { throw Self.refuse("process.user 4294967295 means no user") }
    supplementaryGroups = process.user.additionalGids
    umask = process.user.umask
    terminal = process.terminal
    windowSize = process.consoleSize.map {
      WindowSize(rows: UInt16(clamping: $0.height), columns: UInt16(clamping: $0.width))
    }
    (capabilities, unknownCapabilities) = Self.read(process.capabilities ?? LinuxCapabilities())
    limits = try Self.read(process.rlimits)
    noNewPrivileges = process.noNewPrivileges
    outOfMemoryScore = process.oomScoreAdj
    scheduling = try SchedulingPlan(process)
    appArmorProfile = process.apparmorProfile
    if !process.selinuxLabel.isEmpty {
      throw ClassifiedError(.unsupported, "process.selinuxLabel: SELinux is not supported")
    }
  }

  private static func refuse(_ reason: String) -> ClassifiedError { ClassifiedError(.invalid, reason) }

  private static func read(_ names: LinuxCapabilities) -> (CapabilitySets, unknown: [String]) {
    var unknown: Set<String> = []
    func set(_ names: [String]) -> CapabilitySet {
      CapabilitySet(
        names.compactMap { name in
          guard name.hasPrefix("CAP_"), let capability = Capability(name) else {
            unknown.insert(name)
            return nil
          }
          return capability
        })
    }
    let sets = CapabilitySets(
      bounding: set(names.bounding), effective: set(names.effective), permitted: set(names.permitted),
      inheritable: set(names.inheritable), ambient: set(names.ambient))
    return (sets, unknown.sorted())
  }

  /// Says what is left out, if anything is.
  func warn(_ warn: (String) -> Void) {
    if unknownCapabilities.isEmpty { return }
    warn("ignoring unknown capabilities: \(unknownCapabilities.joined(separator: ", "))")
  }

  private static func read(_ rlimits: [POSIXRlimit]) throws -> [(limit: ResourceLimit, values: ResourceLimit.Values)] {
    var seen: Set<ResourceLimit> = []
    return try rlimits.map { rlimit in
      guard rlimit.type.hasPrefix("RLIMIT_"), let limit = ResourceLimit(rlimit.type) else {
        throw refuse("unknown limit \"\(rlimit.type)\" in process.rlimits")
      }
      guard seen.insert(limit).inserted else { throw refuse("process.rlimits names \(rlimit.type) twice") }
      guard rlimit.soft <= rlimit.hard else {
        throw refuse("process.rlimits: soft \(rlimit.soft) of \(rlimit.type) is above hard \(rlimit.hard)")
      }
      return (limit, ResourceLimit.Values(soft: rlimit.soft, hard: rlimit.hard))
    }
  }
}
