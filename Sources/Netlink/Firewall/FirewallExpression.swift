/// One step of the kernel's machine, which works on registers. linux/netfilter/nf_tables.h.
///
/// Registers are counted here in units of four bytes, 0 to 15.
enum FirewallExpression: Sendable, Hashable {
  case load(FirewallField, register: UInt32)
  case compare(FirewallComparison, register: UInt32, [UInt8])
  case range(inverted: Bool, register: UInt32, from: [UInt8], to: [UInt8])
  /// register = register & mask.
  case mask(register: UInt32, [UInt8])
  case lookup(set: String, register: UInt32, into: UInt32?, verdict: Bool, inverted: Bool)
  case immediate(register: UInt32, [UInt8])
  case verdict(FirewallVerdict)
  case translate(FirewallTranslation)
  case setMeta(key: UInt32, register: UInt32)
  case setConnection(key: UInt32, register: UInt32)
  /// A part of the packet = register; the checksum at an offset of the same header follows.
  case setPayload(FirewallField, register: UInt32, checksum: UInt32)
  case counter
  case reject(type: UInt32, code: UInt8)
  case untrack

  var name: String {
    switch self {
    case .load(let field, _):
      switch field.source {
      case .meta: "meta"
      case .payload: "payload"
      case .connection: "ct"
      case .fib: "fib"
      }
    case .compare: "cmp"
    case .range: "range"
    case .mask: "bitwise"
    case .lookup: "lookup"
    case .immediate, .verdict: "immediate"
    case .translate(let translation): translation.name
    case .setMeta: "meta"
    case .setConnection: "ct"
    case .setPayload: "payload"
    case .counter: "counter"
    case .reject: "reject"
    case .untrack: "notrack"
    }
  }
}

public enum FirewallComparison: UInt32, Sendable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// Where a packet goes from a rule, or from an element of a verdict map.
public enum FirewallVerdict: Sendable, Hashable {
  case accept, drop
  /// On in another chain of the table, and back here after it.
  case jump(String)
  case goto(String)
  /// Back to where this chain was jumped to from; from a base chain to its policy.
  case `return`

  /// NF_… of linux/netfilter.h and NFT_… of linux/netfilter/nf_tables.h.
  var code: Int32 {
    switch self {
    case .drop: 0
    case .accept: 1
    case .jump: -3
    case .goto: -4
    case .return: -5
    }
  }

  var chain: String? {
    switch self {
    case .jump(let chain), .goto(let chain): chain
    case .accept, .drop, .return: nil
    }
  }

  init?(code: Int32, chain: String?) {
    switch (code, chain) {
    case (0, _): self = .drop
    case (1, _): self = .accept
    case (-3, let chain?): self = .jump(chain)
    case (-4, let chain?): self = .goto(chain)
    case (-5, _): self = .return
    default: return nil
    }
  }
}

/// A translation of addresses and ports, with the registers that hold them.
struct FirewallTranslation: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case source, destination, masquerade, redirect
  }

  let kind: Kind
  var family: FirewallFamily = .inet
  var address: UInt32?
  var port: UInt32?
  var isRandom = false

  var name: String {
    switch kind {
    case .source, .destination: "nat"
    case .masquerade: "masq"
    case .redirect: "redir"
    }
  }
}

// MARK: - Writing

extension FirewallExpression {
  /// The attribute of a list of expressions.
  func write(to writer: inout MessageWriter) {
    writer.nest(1) { element in
      element.put(1, name)
      element.nest(2) { writeData(to: &$0) }
    }
  }

  private func writeData(to writer: inout MessageWriter) {
    switch self {
    case .load(let field, let register): field.write(to: &writer, register: register)
    case .compare(let comparison, let register, let value):
      writer.put(1, network: Self.number(register))
      writer.put(2, network: comparison.rawValue)
      writer.nest(3) { $0.put(1, bytes: value) }
    case .range(let inverted, let register, let from, let to):
      writer.put(1, network: Self.number(register))
      writer.put(2, network: UInt32(inverted ? 1 : 0))
      writer.nest(3) { $0.put(1, bytes: from) }
      writer.nest(4) { $0.put(1, bytes: to) }
    case .mask(let register, let mask):
      writer.put(1, network: Self.number(register))
      writer.put(2, network: Self.number(register))
      writer.put(3, network: UInt32(mask.count))
      writer.nest(4) { $0.put(1, bytes: mask) }
      writer.nest(5) { $0.put(1, bytes: [UInt8](repeating: 0, count: mask.count)) }
    case .lookup(let set, let register, let destination, let isVerdict, let inverted):
      writer.put(1, set)
      writer.put(2, network: Self.number(register))
      if isVerdict { writer.put(3, network: UInt32(0)) }
      if let destination { writer.put(3, network: Self.number(destination)) }
      if inverted { writer.put(5, network: UInt32(1)) }
    case .immediate(let register, let value):
      writer.put(1, network: Self.number(register))
      writer.nest(2) { $0.put(1, bytes: value) }
    case .verdict(let verdict):
      writer.put(1, network: UInt32(0))
      writer.nest(2) { verdict.write(to: &$0) }
    case .translate(let translation): translation.write(to: &writer)
    case .setMeta(let key, let register):
      writer.put(2, network: key)
      writer.put(3, network: Self.number(register))
    case .setConnection(let key, let register):
      writer.put(2, network: key)
      writer.put(4, network: Self.number(register))
    case .setPayload(let field, let register, let checksum):
      guard case .payload(let base, let offset) = field.source else { return }
      writer.put(5, network: Self.number(register))
      writer.put(2, network: base)
      writer.put(3, network: offset)
      writer.put(4, network: UInt32(field.length))
      // NFT_PAYLOAD_CSUM_INET: the sum of the Internet's protocols.
      writer.put(6, network: UInt32(1))
      writer.put(7, network: checksum)
    case .reject(let type, let code):
      writer.put(1, network: type)
      writer.put(2, code)
    case .counter, .untrack: break
    }
  }

  /// The kernel's number of a register of four bytes: NFT_REG32_00 is 8, after the verdict's and the long ones'.
  static func number(_ register: UInt32) -> UInt32 { 8 + register }
}

extension FirewallField {
  fileprivate func write(to writer: inout MessageWriter, register: UInt32) {
    let register = FirewallExpression.number(register)
    switch source {
    case .meta(let key):
      writer.put(1, network: register)
      writer.put(2, network: key)
    case .payload(let base, let offset):
      writer.put(1, network: register)
      writer.put(2, network: base)
      writer.put(3, network: offset)
      writer.put(4, network: UInt32(length))
    case .connection(let key, let direction):
      writer.put(1, network: register)
      writer.put(2, network: key)
      if let direction { writer.put(3, direction) }
    case .fib(let result, let flags):
      writer.put(1, network: register)
      writer.put(2, network: result)
      writer.put(3, network: flags)
    }
  }
}

extension FirewallVerdict {
  /// The attributes below NFTA_DATA.
  func write(to writer: inout MessageWriter) {
    writer.nest(2) { data in
      data.put(1, network: code)
      if let chain { data.put(2, chain) }
    }
  }
}

extension FirewallTranslation {
  /// NF_NAT_RANGE_… of linux/netfilter/nf_nat.h.
  private static let fullyRandom: UInt32 = 16

  fileprivate func write(to writer: inout MessageWriter) {
    let (addressRegister, portRegister) = (
      address.map(FirewallExpression.number), port.map(FirewallExpression.number)
    )
    switch kind {
    case .source, .destination:
      writer.put(1, network: UInt32(kind == .source ? 0 : 1))
      writer.put(2, network: UInt32(family.rawValue))
      if let addressRegister { writer.put(3, network: addressRegister) }
      if let portRegister { writer.put(5, network: portRegister) }
      if isRandom { writer.put(7, network: Self.fullyRandom) }
    case .masquerade:
      if isRandom { writer.put(1, network: Self.fullyRandom) }
    case .redirect:
      if let portRegister { writer.put(1, network: portRegister) }
    }
  }
}
