public import NetworkAddresses

import Diagnostics
import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink

/// What the kernel keeps in mind of connections that came in by published ports: it leads them where their first packet went,
/// whatever the table says by now. A flow of UDP, which has no end, would go on to an address that is somebody else's.
extension Firewall {
  /// Has the kernel forget all connections that containers' addresses answer, which are no longer theirs.
  ///
  /// Throws: `unsupported` when it tells nobody of connections.
  public func forgetConnections(answeredBy addresses: Set<IPAddress>) throws {
    for address in addresses { try forget(.connections(answeredBy: address)) { _ in true } }
  }

  /// Has the kernel forget flows of UDP to ports that have just been published: they came when nobody, or somebody else,
  /// listened there.
  ///
  /// Throws: `unsupported` when the kernel tells nobody of connections.
  public func forgetFlows(to ports: [PublishedPort]) throws {
    for port in ports where port.transport == .udp && port.isTranslated {
      let query = NetlinkQuery<TrackedConnection>.connections(
        to: port.hostPort, port.transport.number, port.hostAddress.family)
      try forget(query) { flow in
        flow.responder != port.containerAddress
          && (port.hostAddress.isUnspecified || flow.destination == port.hostAddress)
      }
    }
  }

  private func forget(
    _ query: NetlinkQuery<TrackedConnection>, where isStale: (TrackedConnection) -> Bool
  ) throws {
    var socket = try NetlinkSocket(.netfilter)
    do throws(SystemError) {
      for connection in try socket.dump(query) where isStale(connection) {
        do throws(SystemError) {
          try socket.request(.forget(connection))
        } catch {
          guard error.kind == .notFound else { throw error }
        }
      }
    } catch {
      guard error.errno == EINVAL || error.errno == EOPNOTSUPP else { throw error }
      let (purpose, module) = ("forget connections to published ports", "nf_conntrack_netlink")
      throw ClassifiedError(
        .unsupported, "this kernel cannot \(purpose): it lacks \(module)", advice: "load the module")
    }
  }
}
