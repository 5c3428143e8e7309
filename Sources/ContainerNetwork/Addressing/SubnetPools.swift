public import Diagnostics
public import NetworkAddresses

/// Where the subnets of new networks come from.
public struct SubnetPools: Sendable, Equatable {
  /// A network that is cut into subnets of one size.
  public struct Pool: Sendable, Equatable {
    public var base: IPPrefix
    /// The length of the subnets' prefixes.
    public var size: Int

    /// Throws: `invalid` when no subnet of that size fits in.
    public init(_ base: IPPrefix, size: Int) throws(ClassifiedError) {
      guard size >= base.length, size <= base.family.bitWidth - 2 else {
        throw ClassifiedError(
          .invalid, "the address pool \(base) cannot be cut into subnets of size \(size)",
          advice: "give a size from \(base.length) to \(base.family.bitWidth - 2)")
      }
      self.base = base
      self.size = size
    }
  }

  public var pools: [Pool]

  public init(_ pools: [Pool]) {
    self.pools = pools
  }

  /// What is used when nothing is configured: 172.17.0.0/16 for the first network, as users know it; then subnets of
  /// 4094 hosts, of which there are 240; at last 256 small ones.
  ///
  /// - Parameter identity: Five bytes that no other machine has, for the unique local addresses of RFC 4193.
  public static func standard(identity: [UInt8]) -> SubnetPools {
    let version4 = [
      "172.17.0.0/16 16", "172.18.0.0/15 20", "172.20.0.0/14 20", "172.24.0.0/13 20", "192.168.0.0/16 24",
    ]
    let unique: [UInt8] = [0xFD] + identity.prefix(5) + Array(repeating: 0, count: max(0, 5 - identity.count))
    let bytes = unique + Array(repeating: 0, count: 10)
    var pools = version4.compactMap { text -> Pool? in
      let parts = text.split(separator: " ")
      guard let base = IPPrefix(parts[0]), let size = Int(parts[1]) else { return nil }
      return try? Pool(base, size: size)
    }
    if let address = IPAddress(bytes: bytes), let base = IPPrefix(containing: address, length: 48),
      let pool = try? Pool(base, size: 64)
    {
      pools.append(pool)
    }
    return SubnetPools(pools)
  }

  /// The first subnet of a family that overlaps nothing of what is used already.
  ///
  /// - Parameter used: The subnets of other networks, and what this machine has routes to. Routes to a large part of all
  ///   addresses, as a default route or a VPN's two halves of it, do not count.
  ///
  /// Throws: `unavailable` when all are used.
  public func choose(_ family: IPAddress.Family, besides used: [IPPrefix]) throws(ClassifiedError) -> IPPrefix {
    let used = used.filter { $0.family == family && $0.length >= (family == .version4 ? 8 : 16) }
    for pool in pools where pool.base.family == family {
      // What covers the whole pool is not looked for in each part of it.
      if used.contains(where: { $0.contains(pool.base) }) { continue }
      let relevant = used.filter { $0.overlaps(pool.base) }
      guard let subnets = pool.base.subdivided(into: pool.size) else { continue }
      for subnet in subnets where !relevant.contains(where: { $0.overlaps(subnet) }) { return subnet }
    }
    throw ClassifiedError(
      .unavailable, "all predefined address pools have been fully subnetted",
      advice: "remove a network, give one with --subnet, or configure default-address-pools")
  }
}
