public import Diagnostics
public import EngineAPI

/// The flags of `network create` that say which addresses the network has.
public struct AddressPoolOption: Sendable {
  public var driver = "default"
  /// `--ipam-opt`, as `key=value`.
  public var options: [String] = []
  public var subnets: [String] = []
  public var ipRanges: [String] = []
  public var gateways: [String] = []
  /// `--aux-address`, as `name=address`.
  public var auxiliaryAddresses: [String] = []

  public init() {}

  /// One pool for each subnet, in the order in which they were given; ranges, gateways and further addresses go to the
  /// subnet that they are in.
  ///
  /// Throws: kind `invalid` for what is in no subnet, for subnets that overlap and for a second gateway or range.
  public func ipam() throws(ClassifiedError) -> IPAM {
    if subnets.count < ipRanges.count || subnets.count < gateways.count {
      throw ClassifiedError(.invalid, "every ip-range or gateway must have a corresponding subnet")
    }
    let parsed = try parsedSubnets()
    var pools = subnets.map { IPAMPool(subnet: $0) }
    for range in ipRanges {
      guard let rangeStart = SubnetText(range)?.address else {
        throw ClassifiedError(.invalid, "invalid CIDR address: \(range)")
      }
      let index = try home(of: rangeStart, among: parsed, "range \(range)")
      if let other = pools[index].ipRange {
        throw ClassifiedError(
          .invalid, "cannot configure multiple ranges (\(range), \(other)) on the same subnet (\(subnets[index]))")
      }
      pools[index].ipRange = range
    }
    for gateway in gateways {
      let index = try home(of: AddressSyntax.address(gateway) ?? [], among: parsed, "gateway \(gateway)")
      if let other = pools[index].gateway {
        throw ClassifiedError(
          .invalid,
          "cannot configure multiple gateways (\(gateway), \(other)) for the same subnet (\(subnets[index]))")
      }
      pools[index].gateway = gateway
    }
    for (name, address) in OptionText.table(auxiliaryAddresses).sorted(by: { $0.key < $1.key }) {
      let index = try home(of: AddressSyntax.address(address) ?? [], among: parsed, "aux-address \(address)")
      pools[index].auxiliaryAddresses = (pools[index].auxiliaryAddresses ?? [:]).merging([name: address]) { $1 }
    }
    return IPAM(driver: driver, options: OptionText.table(options), config: pools)
  }

  private func parsedSubnets() throws(ClassifiedError) -> [SubnetText] {
    var parsed: [SubnetText] = []
    for text in subnets {
      guard let subnet = SubnetText(text) else {
        throw ClassifiedError(
          .invalid, "invalid subnet: invalid CIDR address: \(text)", advice: "write it as 10.1.0.0/16")
      }
      if parsed.contains(where: { $0.contains(subnet.address) || subnet.contains($0.address) }) {
        throw ClassifiedError(.invalid, "multiple overlapping subnet configuration is not supported")
      }
      parsed.append(subnet)
    }
    return parsed
  }

  private func home(
    of address: [UInt8], among parsed: [SubnetText], _ what: String
  ) throws(ClassifiedError) -> Int {
    guard let index = parsed.firstIndex(where: { $0.contains(address) }) else {
      throw ClassifiedError(.invalid, "no matching subnet for \(what)")
    }
    return index
  }
}
