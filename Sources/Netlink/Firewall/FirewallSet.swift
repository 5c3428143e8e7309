public import NetworkAddresses

/// What one part of a set's key, or of a map's data, is. The raw value is the number by which nft(8) knows how to show
/// it: its include/datatype.h; the kernel hands it on.
public enum FirewallType: UInt32, Sendable, Hashable {
  case ip4 = 7
  case ip6 = 8
  case mac = 9
  case etherType = 10
  case transportProtocol = 12
  case port = 13
  case mark = 19
  case interface = 41

  /// In bytes.
  var length: Int {
    switch self {
    case .transportProtocol: 1
    case .port, .etherType: 2
    case .ip4, .mark: 4
    case .mac: 6
    case .ip6, .interface: 16
    }
  }

  /// In bytes, with the padding to whole registers.
  var paddedLength: Int { (length + 3) & ~3 }

  /// Whether its values are in the machine's order.
  var isInHostOrder: Bool { self == .mark || self == .interface }
}

/// A set of keys; a map, if it has data or verdicts for them. Keys of several types are concatenations of at most 64
/// bytes, each part padded to four.
public struct FirewallSet: Sendable, Hashable, CustomStringConvertible {
  public var table: FirewallTable
  public var name: String
  public var key: [FirewallType]
  /// What a data map holds for each key; empty otherwise.
  public var data: [FirewallType]
  /// Whether it holds a verdict for each key.
  public var isVerdictMap: Bool
  /// Whether elements may be networks and ranges.
  public var isInterval: Bool
  public var comment: String?

  /// A set.
  public init(
    _ name: String, in table: FirewallTable, of key: [FirewallType], isInterval: Bool = false, comment: String? = nil
  ) {
    self.init(name, table, key, data: [], isVerdictMap: false, isInterval, comment)
  }

  /// A map from keys to data.
  public init(
    mapNamed name: String, in table: FirewallTable, from key: [FirewallType], to data: [FirewallType],
    isInterval: Bool = false, comment: String? = nil
  ) {
    self.init(name, table, key, data: data, isVerdictMap: false, isInterval, comment)
  }

  /// A map from keys to verdicts.
  public init(
    verdictMapNamed name: String, in table: FirewallTable, from key: [FirewallType], isInterval: Bool = false,
    comment: String? = nil
  ) {
    self.init(name, table, key, data: [], isVerdictMap: true, isInterval, comment)
  }

  private init(
    _ name: String, _ table: FirewallTable, _ key: [FirewallType], data: [FirewallType], isVerdictMap: Bool,
    _ isInterval: Bool, _ comment: String?
  ) {
    self.name = name
    self.table = table
    self.key = key
    self.data = data
    self.isVerdictMap = isVerdictMap
    self.isInterval = isInterval
    self.comment = comment
  }

  /// As nft writes it: "inet apus ports".
  public var description: String { "\(table) \(name)" }

  /// linux/netfilter/nf_tables.h, NFT_SET_….
  var flags: UInt32 {
    var flags: UInt32 = 0
    if isInterval { flags |= 0x4 }
    if !data.isEmpty || isVerdictMap { flags |= 0x8 }
    if isInterval && key.count > 1 { flags |= 0x80 }
    return flags
  }

  /// Several types in one number, as nft packs them: six bits each.
  static func number(of types: [FirewallType]) -> UInt32 {
    types.reduce(0) { $0 << 6 | $1.rawValue }
  }

  static func length(of types: [FirewallType]) -> Int {
    types.count == 1 ? types[0].length : types.reduce(0) { $0 + $1.paddedLength }
  }
}

/// An element of a set or a map.
public struct FirewallElement: Sendable, Hashable {
  public enum Content: Sendable, Hashable {
    case none
    case data([FirewallValue])
    case verdict(FirewallVerdict)
  }

  public var key: [FirewallValue]
  /// The last key of a range, of a set that has ranges.
  public var lastKey: [FirewallValue]?
  public var content: Content
  /// A text for whoever lists the elements, at most 253 bytes.
  public var comment: String?

  public init(_ key: [FirewallValue], content: Content = .none, comment: String? = nil) {
    self.key = key
    self.content = content
    self.comment = comment
  }

  /// A key of a data map and what it stands for.
  public init(_ key: [FirewallValue], to data: [FirewallValue], comment: String? = nil) {
    self.init(key, content: .data(data), comment: comment)
  }

  /// A key of a verdict map and what becomes of its packets.
  public init(_ key: [FirewallValue], to verdict: FirewallVerdict, comment: String? = nil) {
    self.init(key, content: .verdict(verdict), comment: comment)
  }

  /// All keys from one to another, both included.
  public init(from first: [FirewallValue], through last: [FirewallValue], content: Content = .none) {
    self.init(first, content: content)
    lastKey = last
  }

  /// All addresses of a network.
  public init(_ network: IPPrefix, content: Content = .none) {
    self.init(from: [.address(network.first)], through: [.address(network.last)], content: content)
  }
}
