public import NetworkAddresses

/// A connection, or a flow without one, as the kernel keeps it in mind: where its first packet went, and who answers. It is
/// translated as its first packet was, for as long as packets come. linux/netfilter/nfnetlink_conntrack.h.
public struct TrackedConnection: NetlinkAnswer, Equatable {
  /// IPPROTO_…
  public let transport: UInt8
  /// Where the first packet went.
  public let destination: IPAddress
  /// Of a protocol without ports 0.
  public let port: UInt16
  /// Whose address its answers come from.
  public let responder: IPAddress

  /// By what it is named to the kernel: the first packet's addresses and ports, byte for byte, and its zone.
  fileprivate let original: [UInt8]
  fileprivate let zone: [UInt8]?

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == Number.newConnection else { return nil }
    let (_, attributes) = try message.parts(fixed: 4, "connection")
    guard let original = attributes.bytes(Number.original) else { throw .missing("original direction") }
    let (first, answer) = (try attributes.nested(Number.original), try attributes.nested(Number.reply))
    let (firstPlace, answerPlace) = (try first.nested(Number.place), try answer.nested(Number.place))
    guard let destination = firstPlace.address(2) ?? firstPlace.address(4),
      let responder = answerPlace.address(1) ?? answerPlace.address(3)
    else { throw .missing("addresses of connection") }
    let transport = try first.nested(Number.transport)
    (self.destination, self.responder) = (destination, responder)
    self.transport = transport.integer(Number.number) ?? 0
    port = transport.networkInteger(Number.destinationPort) ?? 0
    self.original = Array(original)
    zone = attributes.bytes(Number.zone).map(Array.init)
  }

  fileprivate enum Number {
    private static let subsystem: UInt16 = 1 << 8
    static let newConnection = subsystem
    static let getConnection = subsystem | 1
    static let deleteConnection = subsystem | 2

    /// Attributes of a connection.
    static let (original, reply, zone, filter): (UInt16, UInt16, UInt16, UInt16) = (1, 2, 18, 25)
    /// Of a direction, and of its transport.
    static let (place, transport): (UInt16, UInt16) = (1, 2)
    static let (number, destinationPort): (UInt16, UInt16) = (1, 3)
    /// What a filter compares of a direction.
    static let (sourceAddress, protocolNumber, toPort): (UInt32, UInt32, UInt32) = (1, 8, 32)
  }
}

extension NetlinkQuery<TrackedConnection> {
  /// Those whose answers come from an address.
  public static func connections(answeredBy address: IPAddress) -> NetlinkQuery {
    var writer = MessageWriter(
      firewall: TrackedConnection.Number.getConnection, AddressFamily.of(address.family), flags: .dump)
    writer.nest(TrackedConnection.Number.reply) { reply in
      reply.nest(TrackedConnection.Number.place) { $0.put(address.family == .version4 ? 1 : 3, address) }
    }
    writer.filter(2, TrackedConnection.Number.sourceAddress)
    // A kernel before 5.8 lists all.
    return NetlinkQuery(writer.message("list connections of", "\(address)")) { $0.responder == address }
  }

  /// Those of a transport whose first packet went to a port.
  public static func connections(
    to port: UInt16, _ transport: UInt8, _ family: IPAddress.Family
  ) -> NetlinkQuery {
    var writer = MessageWriter(
      firewall: TrackedConnection.Number.getConnection, AddressFamily.of(family), flags: .dump)
    writer.nest(TrackedConnection.Number.original) { original in
      original.nest(TrackedConnection.Number.transport) { fields in
        fields.put(TrackedConnection.Number.number, transport)
        fields.put(TrackedConnection.Number.destinationPort, network: port)
      }
    }
    writer.filter(1, TrackedConnection.Number.protocolNumber | TrackedConnection.Number.toPort)
    return NetlinkQuery(writer.message("list connections to", "port \(port)")) {
      $0.port == port && $0.transport == transport
    }
  }
}

extension NetlinkMessage {
  /// Has the kernel forget a connection: its next packet is a first one. Fails with ENOENT when it has done so already.
  public static func forget(_ connection: TrackedConnection) -> NetlinkMessage {
    let family = AddressFamily.of(connection.destination.family)
    var writer = MessageWriter(firewall: TrackedConnection.Number.deleteConnection, family)
    writer.put(TrackedConnection.Number.original | AttributeType.nested, bytes: connection.original)
    if let zone = connection.zone { writer.put(TrackedConnection.Number.zone, bytes: zone) }
    return writer.message("forget connection to", "\(connection.destination) port \(connection.port)")
  }
}

extension MessageWriter {
  /// CTA_FILTER: `direction` 1 is the original one, 2 the reply.
  fileprivate mutating func filter(_ direction: UInt16, _ flags: UInt32) {
    nest(TrackedConnection.Number.filter) { $0.put(direction, flags) }
  }
}
