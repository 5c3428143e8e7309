/// The hardware address of an Ethernet interface, six bytes. IEEE 802.
public struct MACAddress: Hashable, Sendable {
  /// The bytes as a number, the first being the most significant of 48 bits.
  public let number: UInt64

  /// The low 48 bits of a number.
  public init(number: UInt64) {
    self.number = number & 0xFFFF_FFFF_FFFF
  }

  /// Nil unless there are six bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 6 else { return nil }
    self.init(number: bytes.reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// An address for a virtual interface from six random bytes: unicast, and marked as given out by nobody but the
  /// local administrator. Nil unless there are six bytes.
  public init?(locallyAdministered random: some Collection<UInt8>) {
    guard let given = MACAddress(bytes: random) else { return nil }
    self.init(number: given.number & ~(1 << 40) | 2 << 40)
  }

  /// The address for an interface that has an address of IP: 02:42 and the last four bytes of that. Where an address goes
  /// on to another interface, its neighbours, who remember the two together, still reach it.
  public init(derivedFrom address: IPAddress) {
    self.init(number: 0x0242_0000_0000 | UInt64(truncatingIfNeeded: address.number & 0xFFFF_FFFF))
  }

  public var bytes: [UInt8] {
    stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
  }

  /// For a group of receivers; an interface cannot have such an address.
  public var isMulticast: Bool { number >> 40 & 1 == 1 }
  public var isLocallyAdministered: Bool { number >> 40 & 2 == 2 }
}

extension MACAddress: LosslessStringConvertible, CustomStringConvertible {
  /// Reads six pairs of hexadecimal digits between colons or hyphens, of either case. Nil for anything else.
  public init?(_ text: some StringProtocol) {
    let characters = Array(text.utf8.prefix(18))
    guard characters.count == 17, characters[2] == UInt8(ascii: ":") || characters[2] == UInt8(ascii: "-") else {
      return nil
    }
    var number: UInt64 = 0
    for (index, character) in characters.enumerated() {
      if index % 3 == 2 {
        guard character == characters[2] else { return nil }
      } else {
        guard let digit = hexDigit(character) else { return nil }
        number = number << 4 | UInt64(digit)
      }
    }
    self.init(number: number)
  }

  /// Lower-case pairs between colons.
  public var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
  }
}

extension MACAddress: Comparable {
  public static func < (one: MACAddress, other: MACAddress) -> Bool { one.number < other.number }
}
