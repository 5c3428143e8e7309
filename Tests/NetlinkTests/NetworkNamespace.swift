import Foundation
import LinuxKernel
import LinuxNetwork
import Netlink
import Synchronization
import TestSupport

/// Runs `body` on a thread of its own that is in a new network namespace, with a socket of each family there: the
/// host's links and firewall stay out of reach. Nothing of it is left when the thread ends.
func inNewNamespace<Value: Sendable>(
  _ body: @escaping @Sendable (inout NetlinkSocket, inout NetlinkSocket) throws -> Value
) throws -> Value {
  let result = Mutex<Value?>(nil)
  try BackgroundThread {
    try Namespace.unshare(.net)
    var route = try NetlinkSocket(.route)
    var firewall = try NetlinkSocket(.netfilter)
    let value = try body(&route, &firewall)
    result.withLock { $0 = value }
  }.join()
  guard let value = result.withLock({ $0 }) else { throw SystemError(errno: ENODATA, call: "run in namespace") }
  return value
}

extension NetlinkSocket {
  /// The index of a link.
  mutating func index(of name: String) throws -> UInt32 {
    guard let link = try dump(.link(.name(name))).first else {
      throw SystemError(errno: ENODEV, call: "find", object: name)
    }
    return link.index
  }
}
