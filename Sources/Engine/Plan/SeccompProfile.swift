import Diagnostics
import EngineAPI
import OCIRuntimeSpec

/// A seccomp profile as Docker's users write it: an OCI filter whose rules can depend on capabilities and the
/// architecture.
struct SeccompProfile: Sendable, Equatable {
  private var written: Written

  /// Throws: `invalid` when `json` is no profile, `unsupported` when a rule depends on the kernel's version.
  init(json: String) throws(ClassifiedError) {
    do {
      written = try EngineJSON.decode(Written.self, from: json.utf8)
    } catch {
      throw ClassifiedError(.invalid, "Decoding seccomp profile failed: \(error)")
    }
    guard LinuxSeccomp.Action(rawValue: written.defaultAction) != nil else {
      throw ClassifiedError(.invalid, "seccomp profile: unknown defaultAction \(written.defaultAction)")
    }
    for rule in written.syscalls ?? [] {
      try refuse("a seccomp rule with minKernel", if: rule.includes?.minKernel?.isEmpty == false)
      try refuse("a seccomp rule with minKernel", if: rule.excludes?.minKernel?.isEmpty == false)
      try require(
        LinuxSeccomp.Action(rawValue: rule.action) != nil, "seccomp profile: unknown action \(rule.action)")
      for argument in rule.args ?? [] {
        try require(
          LinuxSeccomp.Comparison(rawValue: argument.op) != nil && argument.index < 6,
          "seccomp profile: wrong condition on an argument of \(rule.allNames.first ?? "a call")")
      }
    }
    for flag in written.flags ?? [] {
      try require(LinuxSeccomp.Flag(rawValue: flag) != nil, "seccomp profile: unknown flag \(flag)")
    }
    for name in written.architectureNames {
      try require(
        LinuxSeccomp.Architecture(rawValue: name) != nil, "seccomp profile: unknown architecture \(name)")
    }
  }

  /// The filter for a container with these capabilities.
  func filter(capabilities: Set<String>) -> LinuxSeccomp {
    let rules = (written.syscalls ?? []).filter { $0.applies(capabilities) }
    return LinuxSeccomp(
      defaultAction: LinuxSeccomp.Action(rawValue: written.defaultAction) ?? .errno,
      defaultErrnoRet: written.defaultErrnoRet,
      architectures: written.architectureNames.compactMap(LinuxSeccomp.Architecture.init(rawValue:)),
      flags: written.flags?.compactMap(LinuxSeccomp.Flag.init(rawValue:)),
      syscalls: rules.map(\.rule))
  }

  /// The JSON of the file. Field names are those of Docker's documentation.
  private struct Written: APIObject, Equatable {
    var defaultAction = ""
    var defaultErrnoRet: UInt32?
    var architectures: [String]?
    var archMap: [ArchitectureGroup]?
    var flags: [String]?
    var syscalls: [Rule]?

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("defaultAction", &defaultAction)
      try object.optional("defaultErrnoRet", &defaultErrnoRet)
      try object.optional("architectures", &architectures)
      try object.optional("archMap", &archMap)
      try object.optional("flags", &flags)
      try object.optional("syscalls", &syscalls)
    }

    /// The machine's own group of the map, or the plain list.
    var architectureNames: [String] {
      guard let archMap else { return architectures ?? [] }
      guard let own = archMap.first(where: { $0.architecture == nativeArchitecture }) else { return [] }
      return [own.architecture] + (own.subArchitectures ?? [])
    }
  }

  private struct ArchitectureGroup: APIObject, Equatable {
    var architecture = ""
    var subArchitectures: [String]?

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("architecture", &architecture)
      try object.optional("subArchitectures", &subArchitectures)
    }
  }

  private struct Condition: APIObject, Equatable {
    var caps: [String]?
    var arches: [String]?
    var minKernel: String?

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.optional("caps", &caps)
      try object.optional("arches", &arches)
      try object.optional("minKernel", &minKernel)
    }
  }

  private struct Argument: APIObject, Equatable {
    var index: UInt32 = 0
    var value: UInt64 = 0
    var valueTwo: UInt64?
    var op = ""

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("index", &index)
      try object.present("value", &value)
      try object.optional("valueTwo", &valueTwo)
      try object.present("op", &op)
    }
  }

  private struct Rule: APIObject, Equatable {
    var name: String?
    var names: [String]?
    var action = ""
    var errnoRet: UInt32?
    var args: [Argument]?
    var includes: Condition?
    var excludes: Condition?

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try object.optional("name", &name)
      try object.optional("names", &names)
      try object.present("action", &action)
      try object.optional("errnoRet", &errnoRet)
      try object.optional("args", &args)
      try object.optional("includes", &includes)
      try object.optional("excludes", &excludes)
    }

    var allNames: [String] { (name.map { [$0] } ?? []) + (names ?? []) }

    func applies(_ capabilities: Set<String>) -> Bool {
      let isNative = { (arches: [String]) in arches.contains(nativeArchitectureShort) }
      if let caps = includes?.caps, !capabilities.isSuperset(of: caps) { return false }
      if let arches = includes?.arches, !arches.isEmpty, !isNative(arches) { return false }
      if let caps = excludes?.caps, !capabilities.isDisjoint(with: caps) { return false }
      if let arches = excludes?.arches, isNative(arches) { return false }
      return true
    }

    var rule: LinuxSeccomp.Rule {
      LinuxSeccomp.Rule(
        names: allNames, action: LinuxSeccomp.Action(rawValue: action) ?? .errno, errnoRet: errnoRet,
        args: (args ?? []).compactMap { argument in
          LinuxSeccomp.Comparison(rawValue: argument.op).map {
            .init(index: argument.index, value: argument.value, valueTwo: argument.valueTwo ?? 0, op: $0)
          }
        })
    }
  }
}

#if arch(arm64)
  private let nativeArchitecture = "SCMP_ARCH_AARCH64"
  private let nativeArchitectureShort = "arm64"
#else
  private let nativeArchitecture = "SCMP_ARCH_X86_64"
  private let nativeArchitectureShort = "amd64"
#endif
