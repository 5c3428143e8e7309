/// The packets that a table sees. linux/netfilter.h, NFPROTO_….
public enum FirewallFamily: UInt8, Sendable, Hashable {
  /// IPv4 and IPv6.
  case inet = 1
  case ip = 2
  case ip6 = 10
  case arp = 3
  case netdev = 5
  case bridge = 7

  var name: String { "\(self)" }
}

/// A table of nf_tables: chains, sets and maps of one family. nft(8).
public struct FirewallTable: Sendable, Hashable, CustomStringConvertible {
  public var family: FirewallFamily
  public var name: String

  public init(_ family: FirewallFamily, _ name: String) {
    self.family = family
    self.name = name
  }

  /// As nft writes it: "inet apus".
  public var description: String { "\(family.name) \(name)" }
}

/// Where packets enter a base chain.
public struct FirewallHook: Sendable, Hashable {
  public enum Kind: String, Sendable {
    case filter, nat, route
  }

  /// The places on a packet's way. linux/netfilter.h, NF_INET_…; a bridge has the same ones.
  public enum Place: UInt32, Sendable {
    case prerouting, input, forward, output, postrouting
  }

  public var kind: Kind
  public var place: Place
  /// Chains at one place are passed in the order of this, the lowest first.
  public var priority: Int32

  public init(_ kind: Kind, _ place: Place, priority: Int32) {
    self.kind = kind
    self.place = place
    self.priority = priority
  }

  /// Priorities with a name. nft(8), linux/netfilter_ipv4.h.
  public enum Priority {
    public static let raw: Int32 = -300
    public static let mangle: Int32 = -150
    public static let destinationNAT: Int32 = -100
    public static let filter: Int32 = 0
    public static let security: Int32 = 50
    public static let sourceNAT: Int32 = 100
    /// That of a bridge's filter chains. linux/netfilter_bridge.h.
    public static let bridgeFilter: Int32 = -200
  }
}

/// What becomes of a packet that no rule of a base chain decided on. linux/netfilter.h.
public enum FirewallPolicy: UInt32, Sendable, Hashable {
  case drop, accept
}

/// A chain of rules. A base chain has a hook; others are jumped to.
public struct FirewallChain: Sendable, Hashable, CustomStringConvertible {
  public var table: FirewallTable
  public var name: String
  public var hook: FirewallHook?
  /// Of a base chain; accept when nil.
  public var policy: FirewallPolicy?

  public init(_ name: String, in table: FirewallTable, hook: FirewallHook? = nil, policy: FirewallPolicy? = nil) {
    self.table = table
    self.name = name
    self.hook = hook
    self.policy = policy
  }

  /// As nft writes it: "inet apus forward".
  public var description: String { "\(table) \(name)" }
}

/// A rule: statements that a packet passes one by one until one does not match.
public struct FirewallRule: Sendable {
  public var chain: FirewallChain
  public var statements: [FirewallStatement]
  /// A text for whoever lists the rules, at most 253 bytes.
  public var comment: String?

  public init(in chain: FirewallChain, comment: String? = nil, _ statements: [FirewallStatement]) {
    self.chain = chain
    self.comment = comment
    self.statements = statements
  }
}
