/// The numbers of nf_tables. linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
enum FirewallMessage {
  /// NFNL_SUBSYS_NFTABLES.
  static let subsystem: UInt16 = 10
  static let batchBegin: UInt16 = 16
  static let batchEnd: UInt16 = 17

  static let newTable = number(0)
  static let getTable = number(1)
  static let deleteTable = number(2)
  static let newChain = number(3)
  static let getChain = number(4)
  static let deleteChain = number(5)
  static let newRule = number(6)
  static let getRule = number(7)
  static let deleteRule = number(8)
  static let newSet = number(9)
  static let getSet = number(10)
  static let deleteSet = number(11)
  static let newElements = number(12)
  static let getElements = number(13)
  static let deleteElements = number(14)
  static let newGeneration = number(15)

  private static func number(_ message: UInt16) -> UInt16 { subsystem << 8 | message }
}

/// Groups of news that nf_tables sends. linux/netfilter/nfnetlink.h, NFNLGRP_NFTABLES.
public enum FirewallGroup {
  public static let changes: UInt32 = 7
}

extension MessageWriter {
  init(firewall type: UInt16, _ family: UInt8, flags: NetlinkFlags = []) {
    self.init(type: type, flags: flags)
    firewallHeader(family)
  }

  /// struct nfgenmsg: family, version 0, a number of the subsystem's in network order.
  private mutating func firewallHeader(_ family: UInt8, resource: UInt16 = 0) {
    fixed(family)
    fixed(UInt8(0))
    for byte in resource.networkBytes { fixed(byte) }
  }

  /// The begin and the end of a batch carry the subsystem's number.
  static func batch(_ type: UInt16) -> NetlinkMessage {
    var writer = MessageWriter(type: type, flags: [])
    writer.firewallHeader(0, resource: FirewallMessage.subsystem)
    return writer.message("change firewall", "")
  }
}

/// Remarks that nf_tables keeps for its users: a number, a length and bytes each, in the form that nft(8) reads.
enum UserData {
  /// The number of a comment: 0 with rules, tables, chains and elements, 7 with sets.
  static func comment(_ text: String, number: UInt8 = 0) -> [UInt8] {
    field(number, Array(text.utf8) + [0])
  }

  static func field(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
    // All remarks together have 256 bytes: a value whose length does not fit is one that the kernel refuses.
    [number, UInt8(truncatingIfNeeded: value.count)] + value
  }

  /// The comment among remarks of any origin; nil when there is none, or the rest makes no sense.
  static func comment(in bytes: ArraySlice<UInt8>?, number: UInt8 = 0) -> String? {
    guard var rest = bytes else { return nil }
    while rest.count >= 2 {
      let value = rest.dropFirst(2).prefix(Int(rest[rest.startIndex + 1]))
      if rest.first == number { return String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) }
      rest = rest.dropFirst(2 + value.count)
    }
    return nil
  }
}
