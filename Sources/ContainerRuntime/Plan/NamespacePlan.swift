import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// Which namespaces the container gets, and how.
struct NamespacePlan: Sendable {
  /// An existing namespace to join.
  struct Joined: Sendable {
    let kind: NamespaceKind
    let path: String
  }

  /// Made for the container.
  private(set) var new: NamespaceKinds = []
  /// In the order in which they are to be entered.
  private(set) var joined: [Joined] = []
  private(set) var userMappings: [IdentifierRange] = []
  private(set) var groupMappings: [IdentifierRange] = []
  private(set) var timeOffsets: [TimeOffset] = []

  /// Throws: `invalid` for a kind named twice, and for settings that need a namespace that is not there.
  init(_ linux: Linux) throws {
    for namespace in linux.namespaces {
      let kind = namespace.type.kernelKind
      guard !has(kind) else {
        throw ClassifiedError(.invalid, "linux.namespaces names \(namespace.type.rawValue) twice")
      }
      if namespace.path.isEmpty {
        new.formUnion(NamespaceKinds([kind]))
      } else {
        joined.append(Joined(kind: kind, path: namespace.path))
      }
    }
    let order = NamespaceKind.allCases
    joined.sort { (order.firstIndex(of: $0.kind) ?? 0) < (order.firstIndex(of: $1.kind) ?? 0) }
    userMappings = linux.uidMappings.map(\.range)
    groupMappings = linux.gidMappings.map(\.range)
    try readTimeOffsets(linux)
    try check(linux)
  }

  /// Whether the container has a namespace of this kind that is not the runtime's.
  func has(_ kind: NamespaceKind) -> Bool {
    isNew(kind) || joined.contains { $0.kind == kind }
  }

  /// Whether the container's user namespace exists already. Its new namespaces are then made from inside it: they
  /// belong to the user namespace of the process that makes them, and only there has init rights over them.
  var joinsUsers: Bool { joined.contains { $0.kind == .user } }

  /// What a clone makes. The cgroup namespace comes later, in init: its root is the cgroup that init is in by then. A
  /// time namespace is unshared before.
  var madeByClone: NamespaceKinds { new.subtracting([.cgroup, .time]).subtracting(madeByInit) }

  /// What init makes when it comes to life. A network namespace costs the kernel a millisecond, in which the creating
  /// process makes the cgroup; with a user namespace the clone makes both, so that the one belongs to the other.
  var madeByInit: NamespaceKinds { has(.user) ? [] : new.intersection([.net]) }

  func isNew(_ kind: NamespaceKind) -> Bool {
    !new.isDisjoint(with: NamespaceKinds([kind]))
  }

  /// Sets what the caller's later children get: a pid or time namespace is never the caller's own.
  func prepareChildren(_ joined: [(kind: NamespaceKind, namespace: SharedDescriptor)]) throws(SystemError) {
    for (kind, namespace) in joined where kind == .pid { try Namespace.enter(namespace.descriptor, kind) }
    guard isNew(.time) else { return }
    try Namespace.unshare(.time)
    if !timeOffsets.isEmpty { try TimeOffset.apply(timeOffsets) }
  }

  private mutating func readTimeOffsets(_ linux: Linux) throws {
    for (name, offset) in linux.timeOffsets.sorted(by: { $0.key < $1.key }) {
      guard let clock = TimeOffset.Clock(rawValue: name) else {
        throw ClassifiedError(.invalid, "unknown clock \"\(name)\" in linux.timeOffsets")
      }
      timeOffsets.append(TimeOffset(clock, seconds: offset.secs, nanoseconds: offset.nanosecs))
    }
  }

  private func check(_ linux: Linux) throws {
    guard has(.mount) else {
      throw ClassifiedError(.unsupported, "a container needs a mount namespace", advice: "add it to linux.namespaces")
    }
    if isNew(.user), userMappings.isEmpty || groupMappings.isEmpty {
      throw ClassifiedError(.invalid, "a new user namespace needs linux.uidMappings and linux.gidMappings")
    }
    if !has(.user), !userMappings.isEmpty || !groupMappings.isEmpty {
      throw ClassifiedError(.invalid, "id mappings need a user namespace")
    }
    if !timeOffsets.isEmpty, !isNew(.time) {
      throw ClassifiedError(.invalid, "linux.timeOffsets needs a new time namespace")
    }
  }
}

extension LinuxNamespace.Kind {
  var kernelKind: NamespaceKind {
    switch self {
    case .pid: .pid
    case .network: .net
    case .mount: .mount
    case .ipc: .ipc
    case .uts: .uts
    case .user: .user
    case .cgroup: .cgroup
    case .time: .time
    }
  }
}

extension IDMapping {
  var range: IdentifierRange { IdentifierRange(inside: containerID, outside: hostID, count: size) }
}
