import Diagnostics
import NetworkAddresses

/// The registries that may be spoken to without a verified certificate, and by plain HTTP if they have no TLS.
///
/// Loopback always is among them. A network in CIDR notation covers registries that are named by number;
/// a registry that is named by a host name has to be listed by that name.
struct InsecureRegistries: Sendable {
  private var hosts: Set<HostPort> = []
  private var networks: [IPPrefix] = []

  /// Throws: `ClassifiedError` of kind `invalid` that names the entry.
  init(_ entries: [String]) throws {
    for entry in entries {
      guard !entry.contains("://") else {
        throw ClassifiedError(
          .invalid, "insecure registry \(entry) should not contain '://'",
          advice: "write it as host[:port] or a network")
      }
      if entry.contains("/") {
        guard let network = IPPrefix(entry) else {
          throw ClassifiedError(.invalid, "insecure registry \(entry) is neither host[:port] nor a network")
        }
        networks.append(network)
      } else if let host = HostPort(entry) {
        hosts.insert(host)
      } else {
        throw ClassifiedError(.invalid, "insecure registry \(entry) is not valid: invalid host \"\(entry)\"")
      }
    }
  }

  func contains(_ registry: HostPort) -> Bool {
    if registry.isLoopback || hosts.contains(registry) { return true }
    if hosts.contains(HostPort(host: registry.host, port: nil)) { return true }
    guard let address = registry.address else { return false }
    return networks.contains { $0.contains(address) }
  }
}
