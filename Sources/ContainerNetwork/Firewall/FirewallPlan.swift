public import NetworkAddresses

/// What the firewall is to know of one network.
public struct FirewallNetwork: Sendable, Equatable {
  public var bridge: String
  public var gateways: [InterfaceAddress]
  public var isInternal: Bool
  public var masquerades: Bool
  /// Whether its containers reach each other by way of this machine, too.
  public var connectsContainers: Bool

  public init(_ bridge: Bridge) {
    self.bridge = bridge.name
    gateways = bridge.gateways
    isInternal = bridge.isInternal
    masquerades = bridge.masquerades
    connectsContainers = bridge.connectsContainers
  }
}

/// The protocols that have ports.
public enum TransportProtocol: String, Sendable, Hashable, CaseIterable {
  case tcp, udp, sctp

  /// Its number. IANA's registry of protocol numbers.
  public var number: UInt8 {
    switch self {
    case .tcp: 6
    case .udp: 17
    case .sctp: 132
    }
  }
}

/// A port of this machine that leads to a container's.
public struct PublishedPort: Sendable, Hashable {
  public var transport: TransportProtocol
  /// The address of this machine; unspecified: all of the family.
  public var hostAddress: IPAddress
  public var hostPort: UInt16
  public var containerAddress: IPAddress
  public var containerPort: UInt16

  public init(
    _ transport: TransportProtocol, host: IPAddress, _ hostPort: UInt16, container: IPAddress, _ containerPort: UInt16
  ) {
    self.transport = transport
    hostAddress = host
    self.hostPort = hostPort
    containerAddress = container
    self.containerPort = containerPort
  }

  /// Whether the kernel leads it to the container: it does not translate one family of addresses into the other, and takes
  /// ::1 to no other link.
  public var isTranslated: Bool {
    hostAddress.family == containerAddress.family && hostAddress != .loopback(.version6)
  }

  /// Whether something comes in by it that the kernel does not lead to the container. Of what is published at every
  /// address of IPv6, that is ::1.
  public var isRelayed: Bool {
    !isTranslated || hostAddress == .unspecified(.version6)
  }
}

/// All that the firewall is to hold.
public struct FirewallPlan: Sendable, Equatable {
  public var networks: [FirewallNetwork] = []
  public var ports: [PublishedPort] = []
  /// The links that this machine had when we made it a router, for each family of which it was none: between those it is
  /// none still.
  public var guardedLinks: [IPAddress.Family: [String]] = [:]

  public init() {}
}
