import Diagnostics
import Glibc
import LinuxKernel
import Netlink
import NetworkAddresses

/// Interfaces of containers on the wire of a link of this machine: macvlan and ipvlan, ip-link(8). Nothing of them stays
/// here: they are made in the container's namespace, and go with it.
extension HostLinks {
  /// Finds out whether containers could be on a parent; nothing is made.
  ///
  /// Throws: `unsupported` when the kernel lacks what that takes, `invalid` when the parent is not there and cannot be
  /// made.
  public func check(_ interface: ParentedInterface, on parent: ParentLink) throws {
    try checkKernel(interface.linkKind)
    guard let base = parent.base else { return try checkKernel(.dummy) }
    if try find(parent.name) != nil { return }
    guard try find(base) != nil else { throw Self.missing(base) }
    if case .vlan(_, let identifier) = parent.origin { try checkKernel(.vlan(identifier)) }
  }

  private static func missing(_ name: String) -> ClassifiedError {
    ClassifiedError(
      .invalid, "the parent interface \(name) was not found on this machine",
      advice: "name one that `ip link` shows, such as eth0, or a VLAN of it, such as eth0.10")
  }

  /// A kind that is unknown is refused first of all, and a known one for what is missing of it.
  private func checkKernel(_ kind: LinkKind) throws {
    // No link may have the address of a group: with it not even a dummy is made.
    let impossible = LinkAttributes("apus-probe", macAddress: MACAddress(number: 0x0100_0000_0000))
    do {
      try request([.createLink(kind, impossible)])
    } catch {
      guard error.kind == .unsupported else { return }
      throw Self.unknown(kind.name)
    }
  }

  private static func unknown(_ kind: String) -> ClassifiedError {
    let module = kind == "vlan" ? "8021q" : kind
    return ClassifiedError(
      .unsupported, "this kernel has no links of the kind \(kind)",
      advice: "load its module \(module), or use a kernel that has it")
  }

  /// Makes the parent, if it is one that we make and it is not there. Returns its index.
  ///
  /// - Parameter mark: A text by which our own are known again.
  /// - Throws: `invalid` when it is not there and cannot be made.
  public func establish(_ parent: ParentLink, mark: String) throws -> UInt32 {
    if let present = try find(parent.name)?.index { return present }
    var attributes = LinkAttributes(parent.name)
    let kind: LinkKind
    switch parent.origin {
    case .machine: throw Self.missing(parent.name)
    case .dummy: kind = .dummy
    case .vlan(let base, let identifier):
      guard let below = try find(base)?.index else { throw Self.missing(base) }
      attributes.parent = below
      kind = .vlan(identifier)
    }
    do {
      // In one call, so that no link without a mark can be left behind.
      try request([
        .createLink(kind, attributes), .changeLink(.name(parent.name), LinkChange(isUp: true, alias: mark)),
      ])
    } catch {
      // What is made on a link that is down cannot be switched on.
      if error.errno != EEXIST { try? remove(parent.name) }
      throw error.kind == .unsupported ? Self.unknown(kind.name) : error
    }
    guard let made = try find(parent.name)?.index else {
      throw ClassifiedError(.system, "the link went away as soon as it was made", object: parent.name)
    }
    return made
  }

  /// Takes a parent away, if it is one that we made.
  public func remove(_ parent: ParentLink, mark: String) throws {
    guard parent.origin != .machine, let present = try find(parent.name), present.alias == mark else { return }
    try remove(parent.name)
  }

  // MARK: Interfaces

  /// Makes a container's interface on a parent, in the sandbox.
  ///
  /// Throws: `unsupported` when the kernel has none such, `conflict` when the parent cannot have it beside what it has.
  public func connect(
    _ sandbox: NetworkSandbox, _ interface: SandboxInterface, to parent: UInt32, named name: String,
    as kind: ParentedInterface
  ) throws {
    let attributes = LinkAttributes(
      interface.name, macAddress: kind.hasOwnMAC ? interface.macAddress : nil, mtu: interface.mtu, parent: parent,
      namespace: .descriptor(sandbox.namespace.descriptor.rawValue))
    // What an earlier run of the container had on the parent goes with its namespace, some 20 ms after its end.
    var attempts = 100
    while true {
      do {
        try request([.createLink(kind.linkKind, attributes)], context: "connect container")
        do {
          return try sandbox.configure(interface)
        } catch {
          try? sandbox.remove(interface.name)
          throw error
        }
      } catch {
        attempts -= 1
        guard let failure = error as? SystemError else { throw error }
        guard attempts > 0, kind.mayBecomePossible(after: failure) else { throw kind.explained(failure, on: name) }
        usleep(20_000)
      }
    }
  }
}

extension ParentedInterface {
  fileprivate var linkKind: LinkKind {
    switch self {
    case .macvlan(let mode):
      switch mode {
      case .bridge: .macvlan(.bridge)
      case .isolated: .macvlan(.isolated)
      case .vepa: .macvlan(.vepa)
      case .passthru: .macvlan(.passthru)
      }
    case .ipvlan(let mode, let flag):
      .ipvlan(
        mode == .layer2 ? .layer2 : mode == .layer3 ? .layer3 : .layer3Symmetric,
        flag: flag == .bridge ? .bridge : flag == .isolated ? .isolated : .vepa)
    }
  }

  /// An address that another interface of the parent has, or a passthru interface beside another one.
  fileprivate func mayBecomePossible(after error: SystemError) -> Bool {
    error.errno == EADDRINUSE || (error.errno == EINVAL && self == .macvlan(.passthru))
  }

  fileprivate func explained(_ error: SystemError, on parent: String) -> any Error {
    switch error.errno {
    case EOPNOTSUPP:
      return ClassifiedError(
        .unsupported, "this kernel has no links of the kind \(kind)",
        advice: "load its module \(kind), or use a kernel that has it")
    case EBUSY:
      return ClassifiedError(
        .conflict, "the parent interface \(parent) is in a bridge or a bond, or has interfaces of another kind on it",
        advice: "macvlan and ipvlan cannot share a parent")
    case EINVAL where self == .macvlan(.passthru):
      return ClassifiedError(
        .conflict, "the parent interface \(parent) has another macvlan interface",
        advice: "with the mode passthru there is room for one")
    case EADDRINUSE:
      return ClassifiedError(
        .conflict, "another interface on \(parent) has the same address", advice: "choose another one")
    default: return error
    }
  }
}
