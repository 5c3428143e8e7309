import ContainerNetwork
import Diagnostics
import LinuxNetwork
import Logging
import NetworkAddresses
import Synchronization

/// Living beside others who change this machine's network, too.
extension NetworkHost {
  /// What is missing of our links.
  func damage(_ networks: [NetworkDefinition], _ grants: [NetworkGrant]) throws -> [LinkDamage] {
    var bridges: [String: Bridge] = [:]
    for network in networks where network.driver == .bridge {
      bridges[network.id] = try network.bridge(defaultName: defaultBridge)
    }
    let cables = grants.flatMap(\.cabled).compactMap { endpoint in
      bridges[endpoint.network].map { Cable(endpoint.link, bridge: $0.name, sender: endpoint.sender(to: $0)) }
    }
    return try HostLinks().damage(of: Array(bridges.values), cables: cables)
  }

  /// Those of the links named that are not there.
  func missing(_ names: [String]) throws -> [String] {
    guard !names.isEmpty else { return [] }
    let links = try HostLinks()
    return try names.filter { try !links.exists($0) }
  }

  /// Has those who drop what they do not know let our containers' packets pass, as far as they can be told. Returns
  /// whether something was changed. What fails is only said: our own networks are as they should be.
  @discardableResult
  func acceptBesideOthers(_ firewall: Firewall) -> Bool {
    let names = Set(bridges.withLock { $0.values })
    if !names.isEmpty { adviseOnLegacyFilter(names) }
    do {
      do {
        return try firewall.acceptBesideDockerd(names)
      } catch {
        // dockerd may have changed its chains meanwhile.
        return try firewall.acceptBesideDockerd(names)
      }
    } catch {
      logger.warning("dockerd cannot be told to let containers' packets pass: \(explanation(of: error))")
      return false
    }
  }

  /// xtables is another packet filter of the same kernel. It is not changed by us.
  private func adviseOnLegacyFilter(_ bridges: Set<String>) {
    guard !hasAdvised.withLock({ $0 }) else { return }
    for (family, program) in [(IPAddress.Family.version4, "iptables-legacy"), (.version6, "ip6tables-legacy")] {
      // Without the right to ask there is no right to make networks either, which is told when one is to be made.
      guard (try? LegacyFilter.dropsForwarding(family)) == true else { continue }
      hasAdvised.withLock { $0 = true }
      let commands = bridges.sorted().flatMap { ["-i \($0)", "-o \($0)"] }.map {
        "\(program) -I FORWARD \($0) -j ACCEPT"
      }
      logger.warning(
        """
        \(program) drops what this machine forwards, and so what containers send and receive, unless rules of its own let \
        it pass; to add them: \(commands.joined(separator: "; "))
        """)
    }
  }
}
