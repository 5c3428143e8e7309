/// A link of this machine on whose wire the containers of a macvlan or ipvlan network have interfaces of their own.
public struct ParentLink: Sendable, Hashable {
  /// Where it comes from when it is not there yet.
  public enum Origin: Sendable, Hashable {
    /// Whoever looks after this machine makes it.
    case machine
    /// We make it, as a VLAN on another link. IEEE 802.1Q.
    case vlan(on: String, identifier: UInt16)
    /// We make it; it leads nowhere.
    case dummy
  }

  /// At most 15 bytes.
  public var name: String
  public var origin: Origin

  public init(_ name: String, _ origin: Origin = .machine) {
    self.name = name
    self.origin = origin
  }

  /// The link that has to be there already; nil for a dummy, which needs none.
  public var base: String? {
    switch origin {
    case .machine: name
    case .vlan(let base, _): base
    case .dummy: nil
    }
  }
}

/// What a container's interface on a parent is. The names of the modes are those of ip-link(8).
public enum ParentedInterface: Sendable, Hashable {
  /// With a MAC address of its own.
  case macvlan(MacvlanMode)
  /// With the parent's MAC address. All interfaces of a parent have one mode and flag: the kernel keeps them there.
  case ipvlan(IPvlanMode, IPvlanFlag)

  public enum MacvlanMode: String, Sendable, CaseIterable {
    case bridge, vepa, passthru
    case isolated = "private"
  }

  public enum IPvlanMode: String, Sendable, CaseIterable {
    case layer2 = "l2"
    case layer3 = "l3"
    case layer3Symmetric = "l3s"
  }

  public enum IPvlanFlag: String, Sendable, CaseIterable {
    case bridge, vepa
    case isolated = "private"
  }

  /// The kernel's name for the kind, which is that of its module, too.
  public var kind: String {
    switch self {
    case .macvlan: "macvlan"
    case .ipvlan: "ipvlan"
    }
  }

  /// Whether the interface has a MAC address that can be chosen.
  public var hasOwnMAC: Bool { if case .macvlan(let mode) = self { mode != .passthru } else { false } }
  /// Whether it sends to a router on the wire; else what has no address on the wire is routed by the parent's machine.
  public var hasRouter: Bool {
    switch self {
    case .macvlan, .ipvlan(.layer2, _): true
    case .ipvlan: false
    }
  }
}
