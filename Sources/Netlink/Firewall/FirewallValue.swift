public import NetworkAddresses

/// What a field is compared with, and what sets and maps hold: bytes in the order that the field has them.
public struct FirewallValue: Sendable, Hashable {
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  public static func address(_ address: IPAddress) -> FirewallValue { FirewallValue(bytes: address.bytes) }
  public static func mac(_ address: MACAddress) -> FirewallValue { FirewallValue(bytes: address.bytes) }
  public static func port(_ port: UInt16) -> FirewallValue { FirewallValue(bytes: port.networkBytes) }
  public static func etherType(_ type: UInt16) -> FirewallValue { FirewallValue(bytes: type.networkBytes) }
  public static func byte(_ value: UInt8) -> FirewallValue { FirewallValue(bytes: [value]) }
  /// A mark, an interface's index, bits of a state: numbers in the machine's order.
  public static func number(_ value: UInt32) -> FirewallValue { FirewallValue(bytes: value.hostBytes) }

  /// An interface's whole name, 15 bytes at most; a longer one fits no field, and the kernel refuses it.
  public static func interface(_ name: String) -> FirewallValue {
    let bytes = Array(name.utf8)
    return FirewallValue(bytes: bytes + [UInt8](repeating: 0, count: max(16 - bytes.count, 1)))
  }

  /// What an interface's name begins with.
  public static func interfacePrefix(_ name: String) -> FirewallValue {
    FirewallValue(bytes: Array(name.utf8))
  }

  // MARK: Values with a name

  public static let tcp = byte(6)
  public static let udp = byte(17)
  public static let icmp = byte(1)
  public static let icmp6 = byte(58)
  public static let sctp = byte(132)
  /// Of ``FirewallField/networkProtocol``.
  public static let ip4 = byte(2)
  public static let ip6 = byte(10)
  /// Of ``FirewallField/etherType``.
  public static let etherIP4 = etherType(0x0800)
  public static let etherARP = etherType(0x0806)
  public static let etherIP6 = etherType(0x86DD)
  /// Of ``FirewallField/destinationKind`` and ``FirewallField/sourceKind``.
  public static let unicast = number(1)
  public static let local = number(2)
  /// Of ``FirewallField/connectionDirection``.
  public static let original = byte(0)
  public static let reply = byte(1)

  public static func transport(_ number: UInt8) -> FirewallValue { byte(number) }

  /// Padded with zeros to whole registers, as the parts of a concatenation are.
  var padded: [UInt8] {
    var padded = bytes
    padded.align()
    return padded
  }
}

/// States of a connection. linux/netfilter/nf_conntrack_common.h.
public struct ConnectionStates: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  public static let invalid = ConnectionStates(rawValue: 1)
  public static let established = ConnectionStates(rawValue: 2)
  public static let related = ConnectionStates(rawValue: 4)
  public static let new = ConnectionStates(rawValue: 8)
  public static let untracked = ConnectionStates(rawValue: 64)
}

/// What was done to a connection. linux/netfilter/nf_conntrack_common.h, IPS_….
public struct ConnectionStatus: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  public static let sourceTranslated = ConnectionStatus(rawValue: 16)
  public static let destinationTranslated = ConnectionStatus(rawValue: 32)
}
