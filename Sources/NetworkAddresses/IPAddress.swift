/// An IPv4 or IPv6 address.
///
/// IPv4 sorts before IPv6. An IPv4 address inside an IPv6 one (`::ffff:1.2.3.4`) stays what it was written as;
/// ``unmapped`` takes it out.
public struct IPAddress: Hashable, Sendable {
  public enum Family: UInt8, Sendable, Hashable {
    case version4, version6

    /// Bits of an address: 32 or 128.
    public var bitWidth: Int { self == .version4 ? 32 : 128 }
    /// Bytes of an address: 4 or 16.
    public var byteCount: Int { bitWidth / 8 }
  }

  public let family: Family
  private let high: UInt64
  private let low: UInt64

  /// The address as a number, the first byte being the most significant.
  public var number: UInt128 { UInt128(high) << 64 | UInt128(low) }

  /// The address of a number; nil when it is too large for the family.
  public init?(_ family: Family, number: UInt128) {
    guard family == .version6 || number <= UInt128(UInt32.max) else { return nil }
    self.init(family, masked: number)
  }

  /// The address of the number's low bits.
  init(_ family: Family, masked number: UInt128) {
    self.family = family
    high = family == .version4 ? 0 : UInt64(truncatingIfNeeded: number >> 64)
    low = family == .version4 ? UInt64(UInt32(truncatingIfNeeded: number)) : UInt64(truncatingIfNeeded: number)
  }

  /// An IPv4 address from its four bytes.
  public init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
    let number = [first, second, third, fourth].reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    self.init(.version4, masked: number)
  }

  /// The address of four or sixteen bytes in network order; nil for any other count.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    let number = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    self.init(bytes.count == 4 ? .version4 : .version6, masked: number)
  }

  /// Four or sixteen bytes in network order.
  public var bytes: [UInt8] {
    let number = self.number
    return (1...family.byteCount).map { UInt8(truncatingIfNeeded: number >> UInt128(family.bitWidth - 8 * $0)) }
  }

  /// 0.0.0.0 and ::.
  public static func unspecified(_ family: Family) -> IPAddress { IPAddress(family, masked: 0) }

  /// 127.0.0.1 and ::1.
  public static func loopback(_ family: Family) -> IPAddress {
    IPAddress(family, masked: family == .version4 ? 0x7F00_0001 : 1)
  }
}

// MARK: What kind of address

extension IPAddress {
  /// 0.0.0.0 and ::.
  public var isUnspecified: Bool { number == 0 }

  /// 127.0.0.0/8 and ::1.
  public var isLoopback: Bool { family == .version4 ? low >> 24 == 127 : number == 1 }

  /// 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291).
  public var isLinkLocal: Bool { family == .version4 ? low >> 16 == 0xA9FE : high >> 54 == 0x3FA }

  /// 224.0.0.0/4 and ff00::/8.
  public var isMulticast: Bool { family == .version4 ? low >> 28 == 0xE : high >> 56 == 0xFF }

  /// 255.255.255.255.
  public var isLimitedBroadcast: Bool { family == .version4 && low == 0xFFFF_FFFF }

  /// The IPv4 address that `::ffff:a.b.c.d` stands for, which the kernel takes it for too; any other address itself.
  public var unmapped: IPAddress {
    guard family == .version6, high == 0, low >> 32 == 0xFFFF else { return self }
    return IPAddress(.version4, masked: UInt128(low & 0xFFFF_FFFF))
  }
}

// MARK: Order and arithmetic

extension IPAddress: Comparable {
  public static func < (one: IPAddress, other: IPAddress) -> Bool {
    (one.family.rawValue, one.high, one.low) < (other.family.rawValue, other.high, other.low)
  }

  /// The address that many places further on; nil past either end of the family.
  public func advanced(by offset: Int) -> IPAddress? {
    let step = UInt128(offset.magnitude)
    let (sum, isPast) = offset < 0 ? number.subtractingReportingOverflow(step) : number.addingReportingOverflow(step)
    return isPast ? nil : IPAddress(family, number: sum)
  }

  /// The next address; nil after the last of the family.
  public var next: IPAddress? { advanced(by: 1) }
}
