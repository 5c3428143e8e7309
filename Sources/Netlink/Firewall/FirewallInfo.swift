/// The answer about an object that nf_tables holds.
extension ReceivedNetlinkMessage {
  /// struct nfgenmsg, then attributes.
  fileprivate func firewallParts() throws(NetlinkFormatError) -> (family: UInt8, Attributes) {
    let (header, attributes) = try parts(fixed: 4, "firewall header")
    return (header.field(0), attributes)
  }
}

extension Attributes {
  fileprivate func name(_ type: UInt16, _ what: String) throws(NetlinkFormatError) -> String {
    guard let text = text(type) else { throw .missing(what) }
    return text
  }
}

private func tableOf(_ family: UInt8, _ name: String) throws(NetlinkFormatError) -> FirewallTable {
  guard let family = FirewallFamily(rawValue: family) else { throw .wrongValue("family of table \(name)") }
  return FirewallTable(family, name)
}

/// A table, as the kernel lists it.
public struct FirewallTableInfo: NetlinkAnswer, Equatable {
  public let table: FirewallTable
  public let handle: UInt64
  /// Whether the table has gone; only in news.
  public let isDeleted: Bool

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == FirewallMessage.newTable || message.type == FirewallMessage.deleteTable else { return nil }
    let (family, attributes) = try message.firewallParts()
    table = try tableOf(family, attributes.name(1, "table name"))
    handle = attributes.networkInteger(4) ?? 0
    isDeleted = message.type == FirewallMessage.deleteTable
  }
}

/// A chain, as the kernel lists it.
public struct FirewallChainInfo: NetlinkAnswer, Equatable {
  /// With its hook and policy where it is a base chain of a kind that is known here.
  public let chain: FirewallChain
  public let handle: UInt64
  public let isBase: Bool
  /// Whether the chain has gone; only in news.
  public let isDeleted: Bool

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == FirewallMessage.newChain || message.type == FirewallMessage.deleteChain else { return nil }
    let (family, attributes) = try message.firewallParts()
    let table = try tableOf(family, attributes.name(1, "chain's table"))
    let hook = try attributes.nested(4)
    isBase = attributes.bytes(4) != nil
    var place: FirewallHook?
    if let kind = attributes.text(7).flatMap(FirewallHook.Kind.init(rawValue:)),
      let number = hook.networkInteger(1, as: UInt32.self).flatMap(FirewallHook.Place.init(rawValue:)),
      let priority = hook.networkInteger(2, as: UInt32.self)
    {
      place = FirewallHook(kind, number, priority: Int32(bitPattern: priority))
    }
    chain = FirewallChain(
      try attributes.name(3, "chain name"), in: table, hook: place,
      policy: attributes.networkInteger(5, as: UInt32.self).flatMap(FirewallPolicy.init(rawValue:)))
    handle = attributes.networkInteger(2) ?? 0
    isDeleted = message.type == FirewallMessage.deleteChain
  }
}

/// A rule, as the kernel lists it.
public struct FirewallRuleInfo: NetlinkAnswer, Equatable {
  public let table: FirewallTable
  public let chain: String
  /// What the rule is deleted by; it stays as long as the rule.
  public let handle: UInt64
  public let comment: String?
  /// The kernel's names of the steps: "meta", "cmp", "counter", "immediate".
  public let expressions: [String]
  /// The interfaces that the rule asks for, whether it wants them or wants any but them.
  public let inputInterface: String?
  public let outputInterface: String?
  /// The decision at the end of the rule, if it has one of its own.
  public let verdict: FirewallVerdict?
  /// Of a rule with a counter: what it has matched since it was made.
  public let counter: FirewallCounter?
  /// Whether the rule has gone; only in news.
  public let isDeleted: Bool

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == FirewallMessage.newRule || message.type == FirewallMessage.deleteRule else { return nil }
    let (family, attributes) = try message.firewallParts()
    table = try tableOf(family, attributes.name(1, "rule's table"))
    chain = try attributes.name(2, "rule's chain")
    handle = attributes.networkInteger(3) ?? 0
    comment = UserData.comment(in: attributes.bytes(7))
    isDeleted = message.type == FirewallMessage.deleteRule
    var names: [String] = []
    var verdict: FirewallVerdict?
    var counter: FirewallCounter?
    var interfaces = InterfaceComparisons()
    for element in try attributes.list(4) {
      let expression = try Attributes(element.value)
      let name = try expression.name(1, "expression name")
      names.append(name)
      let data = try expression.nested(2)
      try interfaces.see(name, data)
      if name == "immediate" { verdict = try FirewallVerdict(in: data.nested(2)) }
      if name == "counter" {
        counter = FirewallCounter(bytes: data.networkInteger(1) ?? 0, packets: data.networkInteger(2) ?? 0)
      }
    }
    expressions = names
    (inputInterface, outputInterface) = (interfaces.input, interfaces.output)
    self.verdict = verdict
    self.counter = counter
  }
}

/// Reads which interfaces a rule's steps compare with: a step loads an interface's name, the next one compares it.
private struct InterfaceComparisons {
  private(set) var input: String?
  private(set) var output: String?
  /// NFT_META_IIFNAME or NFT_META_OIFNAME, when that is what was loaded last.
  private var loaded: UInt32?

  mutating func see(_ name: String, _ data: Attributes) throws(NetlinkFormatError) {
    switch name {
    case "meta": loaded = data.networkInteger(2)
    case "cmp":
      let value = try data.nested(3).text(1)
      if loaded == 6 { input = value }
      if loaded == 7 { output = value }
      loaded = nil
    default: loaded = nil
    }
  }
}

/// How much passed a counter.
public struct FirewallCounter: Sendable, Equatable {
  public let bytes: UInt64
  public let packets: UInt64
}

extension FirewallVerdict {
  /// Nil when the data is a value.
  fileprivate init?(in data: Attributes) throws(NetlinkFormatError) {
    let verdict = try data.nested(2)
    guard let code = verdict.networkInteger(1, as: UInt32.self) else { return nil }
    self.init(code: Int32(bitPattern: code), chain: verdict.text(2))
  }
}

/// A set or a map, as the kernel lists it.
public struct FirewallSetInfo: NetlinkAnswer, Equatable {
  public let table: FirewallTable
  public let name: String
  /// linux/netfilter/nf_tables.h, NFT_SET_….
  public let flags: UInt32
  /// In bytes, with the padding between the parts of a concatenation.
  public let keyLength: UInt32
  public let dataLength: UInt32
  public let comment: String?
  public let isDeleted: Bool

  /// Whether it belongs to one rule and goes with it.
  public var isAnonymous: Bool { flags & 0x1 != 0 }
  public var isInterval: Bool { flags & 0x4 != 0 }
  public var isMap: Bool { flags & 0x8 != 0 }

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == FirewallMessage.newSet || message.type == FirewallMessage.deleteSet else { return nil }
    let (family, attributes) = try message.firewallParts()
    table = try tableOf(family, attributes.name(1, "set's table"))
    name = try attributes.name(2, "set name")
    flags = attributes.networkInteger(3) ?? 0
    keyLength = attributes.networkInteger(5) ?? 0
    dataLength = attributes.networkInteger(7) ?? 0
    comment = UserData.comment(in: attributes.bytes(13), number: 7)
    isDeleted = message.type == FirewallMessage.deleteSet
  }
}

/// Elements of a set or a map, as the kernel lists them: some of them in each message.
public struct FirewallElementsInfo: NetlinkAnswer, Equatable {
  public struct Element: Sendable, Equatable {
    /// The parts of the key, each padded to four bytes where there are several.
    public let key: [UInt8]
    public let lastKey: [UInt8]?
    public let data: [UInt8]?
    public let verdict: FirewallVerdict?
    public let comment: String?
    /// Whether this is the first key after a range rather than a key.
    public let isRangeEnd: Bool

    /// Whether it is an element of a set, as it would be added, in both key and content.
    public func isSame(as other: FirewallElement, in set: FirewallSet) -> Bool {
      let (otherKey, otherData) = other.bytes(in: set)
      guard !isRangeEnd, key == otherKey else { return false }
      switch other.content {
      case .none: return data == nil && verdict == nil
      case .data: return data == otherData
      case .verdict(let expected): return verdict == expected
      }
    }
  }

  public let table: FirewallTable
  public let set: String
  public let elements: [Element]
  public let isDeleted: Bool

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == FirewallMessage.newElements || message.type == FirewallMessage.deleteElements else {
      return nil
    }
    let (family, attributes) = try message.firewallParts()
    table = try tableOf(family, attributes.name(1, "elements' table"))
    set = try attributes.name(2, "elements' set")
    var elements: [Element] = []
    for (_, value) in try attributes.list(3) { elements.append(try Element(Attributes(value))) }
    self.elements = elements
    isDeleted = message.type == FirewallMessage.deleteElements
  }
}

extension FirewallElementsInfo.Element {
  fileprivate init(_ attributes: Attributes) throws(NetlinkFormatError) {
    key = try Array(attributes.nested(1).bytes(1) ?? [])
    lastKey = try attributes.nested(10).bytes(1).map(Array.init)
    data = try attributes.nested(2).bytes(1).map(Array.init)
    verdict = try FirewallVerdict(in: attributes.nested(2))
    comment = UserData.comment(in: attributes.bytes(6))
    isRangeEnd = (attributes.networkInteger(3) ?? UInt32(0)) & 1 != 0
  }
}

/// News that a transaction was committed: who made it.
public struct FirewallGenerationInfo: NetlinkAnswer, Equatable {
  public let generation: UInt32
  /// The number of the thread, and its name, which is its program's unless it gave itself another.
  public let thread: UInt32?
  public let threadName: String?
  /// The socket by which it was made.
  public let port: UInt32

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == FirewallMessage.newGeneration else { return nil }
    let (_, attributes) = try message.firewallParts()
    generation = attributes.networkInteger(1) ?? 0
    thread = attributes.networkInteger(2)
    threadName = attributes.text(3)
    port = message.port
  }
}

/// News that something in a table came, changed or went: less than the news says, and quickly read.
public struct FirewallChangeInfo: NetlinkAnswer, Equatable {
  public let table: FirewallTable
  /// Of a chain, or of a rule in it.
  public let chain: String?
  public let isRemoval: Bool
  /// The socket of whoever asked for it.
  public let port: UInt32

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    let chainAttribute: UInt16?
    switch message.type {
    case FirewallMessage.newChain, FirewallMessage.deleteChain: chainAttribute = 3
    case FirewallMessage.newRule, FirewallMessage.deleteRule: chainAttribute = 2
    case FirewallMessage.newTable, FirewallMessage.deleteTable, FirewallMessage.newSet, FirewallMessage.deleteSet,
      FirewallMessage.newElements, FirewallMessage.deleteElements:
      chainAttribute = nil
    default: return nil
    }
    let (family, attributes) = try message.firewallParts()
    table = try tableOf(family, attributes.name(1, "table of what changed"))
    chain = chainAttribute.flatMap { attributes.text($0) }
    isRemoval = [
      FirewallMessage.deleteTable, FirewallMessage.deleteChain, FirewallMessage.deleteRule, FirewallMessage.deleteSet,
      FirewallMessage.deleteElements,
    ].contains(message.type)
    port = message.port
  }
}
