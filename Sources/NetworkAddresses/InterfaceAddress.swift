/// An interface's address together with the length of its network's prefix: `10.0.0.5/24`.
public struct InterfaceAddress: Hashable, Sendable {
  public let address: IPAddress
  public let prefixLength: Int

  /// Nil when the family has no such length.
  public init?(_ address: IPAddress, prefixLength: Int) {
    guard (0...address.family.bitWidth).contains(prefixLength) else { return nil }
    self.address = address
    self.prefixLength = prefixLength
  }

  /// An address that has the network's prefix length; nil when it is not in the network.
  public init?(_ address: IPAddress, in network: IPPrefix) {
    guard network.contains(address) else { return nil }
    self.init(address, prefixLength: network.length)
  }

  /// The network that the address is in.
  public var network: IPPrefix {
    // The length was checked at the start, so there is one.
    IPPrefix(containing: address, length: prefixLength) ?? IPPrefix(address)
  }

  /// Whether this is written as a network is: no bit is set after the prefix.
  public var isNetworkAddress: Bool { network.address == address }
}

extension InterfaceAddress: LosslessStringConvertible, CustomStringConvertible {
  /// Reads `address/length`, the length in decimal without sign or leading zero. Nil for anything else.
  public init?(_ text: some StringProtocol) {
    guard let slash = text.lastIndex(of: "/"), let address = IPAddress(text[..<slash]) else { return nil }
    let digits = text[text.index(after: slash)...].utf8
    guard (1...3).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0"),
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    self.init(address, prefixLength: digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
  }

  public var description: String { "\(address)/\(prefixLength)" }
}
