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

  var hasVersion6: Bool { gateways.contains { $0.address.family == .version6 } }
}
