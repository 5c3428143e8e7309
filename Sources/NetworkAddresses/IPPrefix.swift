/// A network in CIDR notation, `10.0.0.0/8`: the addresses that begin with the same bits. RFC 4632.
public struct IPPrefix: Hashable, Sendable {
  /// The network's address, in which all bits after the prefix are zero.
  public let address: IPAddress
  /// How many bits all its addresses have in common.
  public let length: Int

  /// The network that an address is in; nil when the family has no such length.
  public init?(containing address: IPAddress, length: Int) {
    guard (0...address.family.bitWidth).contains(length) else { return nil }
    self.init(address, validLength: length)
  }

  private init(_ address: IPAddress, validLength length: Int) {
    self.address = IPAddress(address.family, masked: address.number & Self.mask(address.family, length))
    self.length = length
  }

  /// The network of one address.
  public init(_ address: IPAddress) {
    self.init(address, validLength: address.family.bitWidth)
  }

  /// All addresses of a family: 0.0.0.0/0 and ::/0.
  public static func all(_ family: IPAddress.Family) -> IPPrefix {
    IPPrefix(.unspecified(family), validLength: 0)
  }

  public var family: IPAddress.Family { address.family }

  private static func mask(_ family: IPAddress.Family, _ length: Int) -> UInt128 {
    let bits = family.bitWidth
    let all = UInt128.max >> UInt128(128 - bits)
    return length == 0 ? 0 : all & ~(length == bits ? 0 : all >> UInt128(length))
  }

  /// The bits after the prefix, all set.
  private var hostMask: UInt128 {
    ~Self.mask(family, length) & (UInt128.max >> UInt128(128 - family.bitWidth))
  }

  /// The netmask as an address: 255.0.0.0.
  public var netmask: IPAddress { IPAddress(family, masked: Self.mask(family, length)) }

  /// The first and the last address, the network's own and broadcast among them.
  public var first: IPAddress { address }
  public var last: IPAddress { IPAddress(family, masked: address.number | hostMask) }

  /// The broadcast address; IPv6 and networks of one or two addresses (RFC 3021) have none.
  public var broadcast: IPAddress? { family == .version4 && length <= 30 ? last : nil }

  /// How many addresses there are; nil for ::/0, which has one more than fits.
  public var addressCount: UInt128? {
    let (count, isPast) = hostMask.addingReportingOverflow(1)
    return isPast ? nil : count
  }

  /// The addresses that a host may have: without the network's own, which IPv6 gives to its routers, and broadcast.
  public var hosts: ClosedRange<IPAddress> {
    guard length < family.bitWidth - 1 else { return first...last }
    let end = last.number - (broadcast == nil ? 0 : 1)
    return IPAddress(family, masked: address.number + 1)...IPAddress(family, masked: end)
  }

  /// The address that many places after the first; nil outside of the network.
  public func address(at offset: UInt128) -> IPAddress? {
    offset <= hostMask ? IPAddress(family, masked: address.number + offset) : nil
  }

  public func contains(_ other: IPAddress) -> Bool {
    other.family == family && other.number & Self.mask(family, length) == address.number
  }

  /// Whether all addresses of the other network are in this one.
  public func contains(_ other: IPPrefix) -> Bool {
    other.length >= length && contains(other.address)
  }

  /// Whether an address is in both.
  public func overlaps(_ other: IPPrefix) -> Bool {
    contains(other.address) || other.contains(address)
  }

  /// The smaller networks of a length that make up this one, in order; nil when that length does not fit in.
  ///
  /// They are computed one by one as they are asked for: a pool of ten million costs nothing.
  public func subdivided(into length: Int) -> Subdivision? {
    guard (self.length...family.bitWidth).contains(length) else { return nil }
    return Subdivision(of: self, length: length)
  }

  /// The networks that ``subdivided(into:)`` gives.
  public struct Subdivision: Sequence, IteratorProtocol, Sendable {
    private var upcoming: IPAddress?
    private let last: IPAddress
    private let length: Int

    fileprivate init(of whole: IPPrefix, length: Int) {
      upcoming = whole.first
      last = whole.last
      self.length = length
    }

    public mutating func next() -> IPPrefix? {
      guard let address = upcoming else { return nil }
      let part = IPPrefix(address, validLength: length)
      upcoming = part.last < last ? part.last.next : nil
      return part
    }
  }
}

extension IPPrefix: Comparable {
  public static func < (one: IPPrefix, other: IPPrefix) -> Bool {
    (one.address, one.length) < (other.address, other.length)
  }
}

extension IPPrefix: LosslessStringConvertible, CustomStringConvertible {
  /// Reads `address/length`. Bits after the prefix are cleared; ``InterfaceAddress`` keeps them. Nil for anything else.
  public init?(_ text: some StringProtocol) {
    guard let address = InterfaceAddress(text) else { return nil }
    self = address.network
  }

  public var description: String { "\(address)/\(length)" }
}
