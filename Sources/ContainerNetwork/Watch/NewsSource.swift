public import LinuxKernel

import LinuxNetwork
import Netlink

/// Where news come from. Its descriptor gives one datagram with each read(2), and fails with ENOBUFS when some were lost.
public enum NewsSource: Sendable, CaseIterable {
  /// Of the packet filter, for ``Firewall/news(in:)``.
  case firewall
  /// Of links, their addresses and filters, for ``LinkNews/all(in:)``.
  case links

  /// Longer datagrams do not come.
  public static let longestDatagram = 32 << 10

  /// Begins to listen, in the network namespace of the calling thread.
  public func open() throws(SystemError) -> Descriptor {
    let socket: NetlinkSocket
    switch self {
    case .firewall:
      socket = try NetlinkSocket(.netfilter)
      try socket.subscribe(to: FirewallGroup.changes)
    case .links:
      socket = try NetlinkSocket(.route)
      for group: RouteGroup in [.links, .addresses4, .addresses6, .traffic] { try socket.subscribe(to: group.rawValue) }
    }
    return socket.take()
  }
}
