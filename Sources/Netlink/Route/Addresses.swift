public import NetworkAddresses

/// The flags of an interface's address. linux/if_addr.h.
public struct AddressFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The address is of use at once: whether another host has it too (RFC 4862) is not looked into.
  public static let noDuplicateDetection = AddressFlags(rawValue: 0x02)
  /// Another host was found to have the address.
  public static let duplicate = AddressFlags(rawValue: 0x08)
  /// Whether another host has it is still looked into.
  public static let tentative = AddressFlags(rawValue: 0x40)
  public static let permanent = AddressFlags(rawValue: 0x80)
  /// No route to the address's network comes with it.
  public static let noPrefixRoute = AddressFlags(rawValue: 0x200)
}

private enum AddressAttribute {
  static let address: UInt16 = 1
  static let local: UInt16 = 2
  static let label: UInt16 = 3
  static let broadcast: UInt16 = 4
  static let flags: UInt16 = 8
}

extension NetlinkMessage {
  /// Gives an interface an address. Fails with EEXIST when it has it.
  public static func addAddress(_ address: InterfaceAddress, to link: UInt32, flags: AddressFlags = [])
    -> NetlinkMessage
  {
    var writer = MessageWriter(type: RouteMessage.newAddress, flags: [.create, .exclusive])
    writer.write(address, link)
    if let broadcast = address.network.broadcast { writer.put(AddressAttribute.broadcast, broadcast) }
    if !flags.isEmpty { writer.put(AddressAttribute.flags, flags.rawValue) }
    return writer.message("add address", "\(address)")
  }

  /// Takes an address from an interface. Fails with EADDRNOTAVAIL when it has none such.
  public static func deleteAddress(_ address: InterfaceAddress, from link: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteAddress, flags: [])
    writer.write(address, link)
    return writer.message("delete address", "\(address)")
  }
}

extension NetlinkQuery<AddressInfo> {
  /// All addresses; of one interface where said.
  public static func addresses(of link: UInt32? = nil) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getAddress, flags: .dump)
    writer.addressHeader(family: AddressFamily.unspecified, prefixLength: 0, link ?? 0)
    return NetlinkQuery(writer.message("list addresses", ""))
  }
}

extension MessageWriter {
  fileprivate mutating func write(_ address: InterfaceAddress, _ link: UInt32) {
    addressHeader(
      family: AddressFamily.of(address.address.family), prefixLength: UInt8(address.prefixLength), link)
    put(AddressAttribute.local, address.address)
    put(AddressAttribute.address, address.address)
  }

  /// struct ifaddrmsg of rtnetlink(7). The kernel finds an address's scope itself.
  fileprivate mutating func addressHeader(family: UInt8, prefixLength: UInt8, _ link: UInt32) {
    fixed(family)
    fixed(prefixLength)
    fixed(UInt8(0))
    fixed(UInt8(0))
    fixed(link)
  }
}

extension AddressFamily {
  static func of(_ family: IPAddress.Family) -> UInt8 { family == .version4 ? version4 : version6 }
}

/// An address of an interface, as the kernel lists it.
public struct AddressInfo: NetlinkAnswer, Equatable {
  public let link: UInt32
  public let address: InterfaceAddress
  public let flags: AddressFlags
  public let label: String?
  /// Whether the address has gone; only in news.
  public let isDeleted: Bool

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == RouteMessage.newAddress || message.type == RouteMessage.deleteAddress else { return nil }
    let (header, attributes) = try message.parts(fixed: 8, "address")
    let family: UInt8 = header.field(0)
    guard family == AddressFamily.version4 || family == AddressFamily.version6 else { return nil }
    // Of a point-to-point link "address" is the other end's; IPv6 has no "local" without one.
    guard let address = attributes.address(AddressAttribute.local) ?? attributes.address(AddressAttribute.address)
    else { throw .missing("address") }
    guard let whole = InterfaceAddress(address, prefixLength: Int(header.field(1, as: UInt8.self))),
      AddressFamily.of(address.family) == family
    else { throw .wrongValue("address") }
    self.address = whole
    link = header.field(4)
    flags = AddressFlags(
      rawValue: attributes.integer(AddressAttribute.flags) ?? UInt32(header.field(2, as: UInt8.self)))
    label = attributes.text(AddressAttribute.label)
    isDeleted = message.type == RouteMessage.deleteAddress
  }
}
