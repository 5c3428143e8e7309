public import NetworkAddresses

/// One word of a rule: something that must match, or something that is done. nft(8).
///
/// In a table of family inet, what looks at an IPv4 or IPv6 header comes after a match of
/// ``FirewallField/networkProtocol``, and what looks at ports after one of ``FirewallField/transportProtocol``.
public struct FirewallStatement: Sendable {
  let expressions: [FirewallExpression]

  // MARK: Matches

  /// A field equals a value, or is otherwise related to it. A value shorter than the field is compared with the
  /// field's beginning.
  public static func match(
    _ field: FirewallField, _ comparison: FirewallComparison = .equal, _ value: FirewallValue
  ) -> FirewallStatement {
    FirewallStatement(expressions: [.load(field, register: 0), .compare(comparison, register: 0, value.bytes)])
  }

  /// A field's address is in a network.
  public static func match(_ field: FirewallField, in network: IPPrefix, inverted: Bool = false) -> FirewallStatement {
    let comparison: FirewallComparison = inverted ? .notEqual : .equal
    if network.length == network.family.bitWidth { return match(field, comparison, .address(network.address)) }
    return FirewallStatement(expressions: [
      .load(field, register: 0), .mask(register: 0, network.netmask.bytes),
      .compare(comparison, register: 0, network.address.bytes),
    ])
  }

  /// A field is between two values, both included.
  public static func match(
    _ field: FirewallField, from first: FirewallValue, to last: FirewallValue, inverted: Bool = false
  ) -> FirewallStatement {
    FirewallStatement(expressions: [
      .load(field, register: 0), .range(inverted: inverted, register: 0, from: first.bytes, to: last.bytes),
    ])
  }

  /// At least one of the bits is set in a field of four bytes; none of them when inverted.
  public static func match(_ field: FirewallField, anyOf bits: UInt32, inverted: Bool = false) -> FirewallStatement {
    FirewallStatement(expressions: [
      .load(field, register: 0), .mask(register: 0, bits.hostBytes),
      .compare(inverted ? .equal : .notEqual, register: 0, UInt32(0).hostBytes),
    ])
  }

  /// The connection is in one of these states.
  public static func connection(_ states: ConnectionStates) -> FirewallStatement {
    match(.connectionState, anyOf: states.rawValue)
  }

  /// One of these was done to the connection; none of them when inverted.
  public static func connection(_ status: ConnectionStatus, inverted: Bool = false) -> FirewallStatement {
    match(.connectionStatus, anyOf: status.rawValue, inverted: inverted)
  }

  /// The fields, taken together, are an element of a set; when inverted, they are not.
  public static func match(_ fields: [FirewallField], in set: FirewallSet, inverted: Bool = false)
    -> FirewallStatement
  {
    FirewallStatement(
      expressions: load(fields) + [
        .lookup(set: set.name, register: 0, into: nil, verdict: false, inverted: inverted)
      ])
  }

  // MARK: Decisions

  public static let accept = FirewallStatement(.accept)
  public static let drop = FirewallStatement(.drop)
  public static let `return` = FirewallStatement(.return)
  public static func jump(_ chain: FirewallChain) -> FirewallStatement { FirewallStatement(.jump(chain.name)) }
  public static func goto(_ chain: FirewallChain) -> FirewallStatement { FirewallStatement(.goto(chain.name)) }

  /// The decision that a verdict map has for the fields, taken together; where it has none, the next rule.
  public static func decide(by fields: [FirewallField], in map: FirewallSet) -> FirewallStatement {
    FirewallStatement(
      expressions: load(fields) + [.lookup(set: map.name, register: 0, into: nil, verdict: true, inverted: false)])
  }

  /// Refuses the packet and tells its sender: that the port is unreachable (ICMP, ICMPv6).
  public static let reject = FirewallStatement(expressions: [.reject(type: 2, code: 1)])
  /// Refuses a packet of TCP, by a reset.
  public static let rejectTCP = FirewallStatement(expressions: [.reject(type: 1, code: 0)])
  /// Refuses the packet because a firewall says so (ICMP, ICMPv6).
  public static let rejectProhibited = FirewallStatement(expressions: [.reject(type: 2, code: 3)])

  // MARK: Translations, in nat chains

  /// The destination becomes what a map holds for the fields: an address and a port (a data map of these two).
  public static func translateDestination(
    by fields: [FirewallField], in map: FirewallSet, _ family: IPAddress.Family
  ) -> FirewallStatement {
    let port = UInt32(family.byteCount / 4)
    return FirewallStatement(
      expressions: load(fields) + [
        .lookup(set: map.name, register: 0, into: 0, verdict: false, inverted: false),
        .translate(translation(.destination, family, address: 0, port: map.data.count > 1 ? port : nil)),
      ])
  }

  /// The destination becomes an address, and a port where said.
  public static func translateDestination(to address: IPAddress, port: UInt16? = nil) -> FirewallStatement {
    translate(.destination, to: address, port: port)
  }

  /// The source becomes an address, and a port where said.
  public static func translateSource(to address: IPAddress, port: UInt16? = nil) -> FirewallStatement {
    translate(.source, to: address, port: port)
  }

  /// The source becomes the address of the interface that the packet leaves by. `fullyRandom` takes its port at
  /// random, so that two connections that begin at once do not race for one.
  public static func masquerade(fullyRandom: Bool = false) -> FirewallStatement {
    FirewallStatement(expressions: [
      .translate(FirewallTranslation(kind: .masquerade, isRandom: fullyRandom))
    ])
  }

  /// The destination becomes this machine, at a port where said.
  public static func redirect(to port: UInt16? = nil) -> FirewallStatement {
    guard let port else { return FirewallStatement(expressions: [.translate(.init(kind: .redirect))]) }
    return FirewallStatement(expressions: [
      .immediate(register: 0, FirewallValue.port(port).bytes), .translate(.init(kind: .redirect, port: 0)),
    ])
  }

  // MARK: Changes of the packet itself, of which no connection need be known

  /// The packet goes to another port. It must be one of TCP (6) or UDP (17).
  public static func setDestinationPort(_ port: UInt16, of transport: UInt8) -> FirewallStatement {
    set(.destinationPort, port, of: transport)
  }

  /// The packet comes from another port. It must be one of TCP (6) or UDP (17).
  public static func setSourcePort(_ port: UInt16, of transport: UInt8) -> FirewallStatement {
    set(.sourcePort, port, of: transport)
  }

  private static func set(_ field: FirewallField, _ port: UInt16, of transport: UInt8) -> FirewallStatement {
    // Where the header has its checksum: RFC 9293, section 3.1; RFC 768.
    let checksum: UInt32 = transport == 6 ? 16 : 6
    return FirewallStatement(expressions: [
      .immediate(register: 0, FirewallValue.port(port).bytes), .setPayload(field, register: 0, checksum: checksum),
    ])
  }

  // MARK: What is done beside

  public static let counter = FirewallStatement(expressions: [.counter])
  /// No connection is made of the packet.
  public static let untrack = FirewallStatement(expressions: [.untrack])

  /// Gives the packet a mark.
  public static func setMark(_ mark: UInt32) -> FirewallStatement {
    FirewallStatement(expressions: [.immediate(register: 0, mark.hostBytes), .setMeta(key: 3, register: 0)])
  }

  /// Gives the connection a mark.
  public static func setConnectionMark(_ mark: UInt32) -> FirewallStatement {
    FirewallStatement(expressions: [.immediate(register: 0, mark.hostBytes), .setConnection(key: 3, register: 0)])
  }
}

extension FirewallStatement {
  init(_ verdict: FirewallVerdict) {
    expressions = [.verdict(verdict)]
  }

  /// Loads fields one behind the other, each from a new register on.
  private static func load(_ fields: [FirewallField]) -> [FirewallExpression] {
    var register: UInt32 = 0
    return fields.map { field in
      defer { register += UInt32(field.length + 3) / 4 }
      return .load(field, register: register)
    }
  }

  private static func translate(_ kind: FirewallTranslation.Kind, to address: IPAddress, port: UInt16?)
    -> FirewallStatement
  {
    let portRegister = UInt32(address.family.byteCount / 4)
    var expressions: [FirewallExpression] = [.immediate(register: 0, address.bytes)]
    if let port { expressions.append(.immediate(register: portRegister, FirewallValue.port(port).bytes)) }
    expressions.append(
      .translate(translation(kind, address.family, address: 0, port: port == nil ? nil : portRegister)))
    return FirewallStatement(expressions: expressions)
  }

  private static func translation(
    _ kind: FirewallTranslation.Kind, _ family: IPAddress.Family, address: UInt32, port: UInt32?
  ) -> FirewallTranslation {
    FirewallTranslation(
      kind: kind, family: family == .version4 ? .ip : .ip6, address: address, port: port)
  }
}
