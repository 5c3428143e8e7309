public import NetworkAddresses

/// A bridge of this machine that the containers of one network are plugged into.
public struct Bridge: Sendable, Equatable {
  /// The link's name, at most 15 bytes.
  public var name: String
  /// What the machine is called in each of the network's subnets: the containers' gateways.
  public var gateways: [InterfaceAddress]
  /// In bytes; nil leaves the kernel's 1500.
  public var mtu: UInt32?
  /// Nothing of it leaves the machine.
  public var isInternal = false
  /// Whether what leaves the machine carries the machine's address.
  public var masquerades = true
  /// Whether its containers reach each other.
  public var connectsContainers = true

  public init(_ name: String, gateways: [InterfaceAddress], mtu: UInt32? = nil) {
    self.name = name
    self.gateways = gateways
    self.mtu = mtu
  }

  /// A locally administered address that is the same whenever the bridge is made anew, so that containers which remember it
  /// find their gateway again. FNV-1a, 64 bits.
  var macAddress: MACAddress {
    let text = "\(name) \(gateways)"
    let hash = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let bytes = (0..<6).map { UInt8(truncatingIfNeeded: hash >> UInt64($0 * 8)) }
    // Six bytes make an address.
    return MACAddress(locallyAdministered: bytes) ?? MACAddress(number: 0x0200_0000_0001)
  }

  var hasVersion6: Bool { gateways.contains { $0.address.family == .version6 } }
}
