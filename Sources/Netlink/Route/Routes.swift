public import NetworkAddresses

/// A route. ip-route(8).
public struct Route: Sendable, Hashable {
  /// What becomes of a packet. linux/rtnetlink.h, RTN_….
  public enum Kind: UInt8, Sendable {
    case unicast = 1, local, broadcast, anycast, multicast, blackhole, unreachable, prohibit
  }

  /// The default route is the whole family.
  public var destination: IPPrefix
  public var kind: Kind
  /// The next router; nil for what is on the link itself.
  public var gateway: IPAddress?
  /// The index of the interface to send by.
  public var link: UInt32?
  /// The address that packets of this machine carry as their source.
  public var source: IPAddress?
  /// Of several routes to one destination the one with the lowest number is taken.
  public var metric: UInt32?
  /// 254 is the main one, 255 that of this machine's own addresses.
  public var table: UInt32
  /// Whether the gateway is taken for a neighbour although no address says so.
  public var isOnLink: Bool

  public init(
    to destination: IPPrefix, kind: Kind = .unicast, via gateway: IPAddress? = nil, link: UInt32? = nil,
    source: IPAddress? = nil, metric: UInt32? = nil, table: UInt32 = Route.mainTable, isOnLink: Bool = false
  ) {
    self.destination = destination
    self.kind = kind
    self.gateway = gateway
    self.link = link
    self.source = source
    self.metric = metric
    self.table = table
    self.isOnLink = isOnLink
  }

  /// The default route through a gateway.
  public static func byDefault(via gateway: IPAddress, link: UInt32? = nil, metric: UInt32? = nil) -> Route {
    Route(to: .all(gateway.family), via: gateway, link: link, metric: metric)
  }

  public static let mainTable: UInt32 = 254
}

private enum RouteAttribute {
  static let destination: UInt16 = 1
  static let link: UInt16 = 4
  static let gateway: UInt16 = 5
  static let metric: UInt16 = 6
  static let source: UInt16 = 7
  static let nextHops: UInt16 = 9
  static let table: UInt16 = 15
  static let onLink: UInt32 = 4
}

extension NetlinkMessage {
  /// Adds a route. Fails with EEXIST when there is one to the destination with this metric.
  public static func addRoute(_ route: Route) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newRoute, flags: [.create, .exclusive])
    writer.write(route, isNew: true)
    return writer.message("add route", "\(route.destination)")
  }

  /// Adds a route, or puts it in the place of the one to the same destination with the same metric.
  public static func replaceRoute(_ route: Route) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newRoute, flags: [.create, .replace])
    writer.write(route, isNew: true)
    return writer.message("replace route", "\(route.destination)")
  }

  /// Deletes the first route that has all of this. Fails with ESRCH when there is none.
  public static func deleteRoute(_ route: Route) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteRoute, flags: [])
    writer.write(route, isNew: false)
    return writer.message("delete route", "\(route.destination)")
  }
}

extension NetlinkQuery<RouteInfo> {
  /// All routes; of one family or one table where said.
  public static func routes(family: IPAddress.Family? = nil, table: UInt32? = nil) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getRoute, flags: .dump)
    writer.routeHeader(
      family: family.map(AddressFamily.of) ?? AddressFamily.unspecified, prefixLength: 0, [0, 0, 0, 0], flags: 0)
    if let table { writer.put(RouteAttribute.table, table) }
    return NetlinkQuery(writer.message("list routes", ""))
  }
}

extension MessageWriter {
  fileprivate mutating func write(_ route: Route, isNew: Bool) {
    // RT_SCOPE_NOWHERE matches any when deleting; else what has no gateway is on the link (RT_SCOPE_LINK).
    let isReachedDirectly = route.gateway == nil && route.kind == .unicast && route.destination.family == .version4
    let scope: UInt8 = isNew ? (isReachedDirectly ? 253 : 0) : 255
    let origin: UInt8 = isNew ? RouteInfo.ownOrigin : 0
    routeHeader(
      family: AddressFamily.of(route.destination.family), prefixLength: UInt8(route.destination.length),
      [UInt8(exactly: route.table) ?? 0, origin, scope, isNew || route.kind != .unicast ? route.kind.rawValue : 0],
      flags: route.isOnLink ? RouteAttribute.onLink : 0)
    put(RouteAttribute.table, route.table)
    if route.destination.length > 0 { put(RouteAttribute.destination, route.destination.address) }
    if let gateway = route.gateway { put(RouteAttribute.gateway, gateway) }
    if let link = route.link { put(RouteAttribute.link, link) }
    if let source = route.source { put(RouteAttribute.source, source) }
    if let metric = route.metric { put(RouteAttribute.metric, metric) }
  }

  /// struct rtmsg of rtnetlink(7); the four bytes are table, protocol, scope and type.
  fileprivate mutating func routeHeader(family: UInt8, prefixLength: UInt8, _ middle: [UInt8], flags: UInt32) {
    for byte in [family, prefixLength, 0, 0] + middle { fixed(byte) }
    fixed(flags)
  }
}

/// A route, as the kernel lists it.
public struct RouteInfo: NetlinkAnswer, Equatable {
  public let destination: IPPrefix
  /// Nil for a kind that is newer than this program.
  public let kind: Route.Kind?
  public let gateway: IPAddress?
  /// The indices of the interfaces: none for a route that refuses, several for one that spreads its load.
  public let links: [UInt32]
  public let source: IPAddress?
  public let metric: UInt32?
  public let table: UInt32
  /// Who made it. linux/rtnetlink.h, RTPROT_…: 2 is the kernel, 4 an administrator.
  public let origin: UInt8
  /// Whether the route has gone; only in news.
  public let isDeleted: Bool

  /// That of routes which are made here, RTPROT_STATIC: not the work of a routing daemon, which would take away what is its
  /// own.
  public static let ownOrigin: UInt8 = 4

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == RouteMessage.newRoute || message.type == RouteMessage.deleteRoute else { return nil }
    let (header, attributes) = try message.parts(fixed: 12, "route")
    let family: IPAddress.Family
    switch header.field(0, as: UInt8.self) {
    case AddressFamily.version4: family = .version4
    case AddressFamily.version6: family = .version6
    default: return nil
    }
    let address = attributes.address(RouteAttribute.destination) ?? .unspecified(family)
    guard address.family == family,
      let destination = IPPrefix(containing: address, length: Int(header.field(1, as: UInt8.self)))
    else { throw .wrongValue("route's destination") }
    self.destination = destination
    kind = Route.Kind(rawValue: header.field(7))
    gateway = attributes.address(RouteAttribute.gateway)
    source = attributes.address(RouteAttribute.source)
    metric = attributes.integer(RouteAttribute.metric)
    table = attributes.integer(RouteAttribute.table) ?? UInt32(header.field(4, as: UInt8.self))
    origin = header.field(5)
    isDeleted = message.type == RouteMessage.deleteRoute
    if let link = attributes.integer(RouteAttribute.link, as: UInt32.self) {
      links = [link]
    } else {
      links = try Self.links(ofHops: attributes.bytes(RouteAttribute.nextHops) ?? [])
    }
  }

  /// The interfaces of struct rtnexthop after struct rtnexthop. rtnetlink(7).
  private static func links(ofHops bytes: ArraySlice<UInt8>) throws(NetlinkFormatError) -> [UInt32] {
    var links: [UInt32] = []
    var rest = bytes
    while rest.count >= 8 {
      let length = Int(rest.field(0, as: UInt16.self))
      guard length >= 8, length <= rest.count else { throw .wrongLength("next hop", length) }
      links.append(rest.field(4))
      rest = rest.dropFirst((length + 3) & ~3)
    }
    return links
  }
}
