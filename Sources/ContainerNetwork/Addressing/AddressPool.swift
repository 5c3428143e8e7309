public import Diagnostics
public import NetworkAddresses

/// The addresses of one subnet, and which of them are taken.
///
/// A new one is looked for behind the last that was given, not at the beginning: what has just been freed may still be
/// in the neighbours' tables.
public struct AddressPool: Sendable {
  public let subnet: IPPrefix
  /// What addresses are chosen from: the subnet, or a part of it.
  public let range: IPPrefix
  private var taken: Set<IPAddress> = []
  private var last: IPAddress?

  /// A pool from which nothing is taken.
  public init(_ subnet: IPPrefix, range: IPPrefix? = nil) {
    self.subnet = subnet
    self.range = range ?? subnet
  }

  /// How many addresses are taken.
  public var takenCount: Int { taken.count }

  /// Takes an address that somebody asked for.
  ///
  /// Throws: `invalid` when it is not an address for a host of the subnet, `conflict` when it is taken.
  public mutating func take(_ address: IPAddress) throws(ClassifiedError) {
    guard subnet.hosts.contains(address) else {
      throw ClassifiedError(.invalid, "address \(address) is not in the subnet \(subnet)")
    }
    guard taken.insert(address).inserted else { throw ClassifiedError(.conflict, "Address already in use: \(address)") }
  }

  /// Takes the next free address; nil when there is none.
  public mutating func takeNext() -> IPAddress? {
    let hosts = range == subnet ? subnet.hosts : range.first...range.last
    let first = max(hosts.lowerBound, subnet.hosts.lowerBound)
    let end = min(hosts.upperBound, subnet.hosts.upperBound)
    guard first <= end else { return nil }
    let start = last.flatMap { $0 < end ? $0.next : nil } ?? first
    var candidate = start
    repeat {
      if !taken.contains(candidate) {
        taken.insert(candidate)
        last = candidate
        return candidate
      }
      candidate = candidate < end ? candidate.next ?? first : first
    } while candidate != start
    return nil
  }

  /// Gives an address back; one that is not taken is no matter.
  public mutating func release(_ address: IPAddress) {
    taken.remove(address)
  }
}
