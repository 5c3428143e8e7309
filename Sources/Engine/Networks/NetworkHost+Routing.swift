import ContainerNetwork
import Diagnostics
import LinuxKernel
import NetworkAddresses

/// This machine as a router. Where it was none it becomes one for containers only: between the links that it had, nothing
/// is forwarded still.
extension NetworkHost {
  /// What there was before: the links, for each family that this machine did not forward.
  private typealias Record = [IPAddress.Family: [String]]

  private static let families: [IPAddress.Family] = [.version4, .version6]

  /// Writes down the links between which nothing is to be forwarded, of families that this machine is about to begin to
  /// forward. Returns these families.
  func prepareRouting(_ families: [IPAddress.Family], _ links: HostLinks) throws -> [IPAddress.Family] {
    guard mayBecomeRouter else { return [] }
    let new = try families.filter { try !HostNetwork.isRouter($0) }
    guard !new.isEmpty else { return [] }
    var record = try readRecord()
    let found = try links.foreignNames(bridgeMark: bridgeMark, limiterGroup: limiterGroup)
    for family in new where record[family] == nil { record[family] = found }
    try write(record)
    return new
  }

  /// What the firewall is to guard. What dockerd's containers are plugged into is no business of ours.
  func guardedLinks(_ firewall: Firewall) throws -> [IPAddress.Family: [String]] {
    let record = try readRecord()
    guard !record.isEmpty else { return [:] }
    let theirs = try firewall.bridgesOfDockerd()
    return record.mapValues { links in links.filter { !theirs.contains($0) } }
  }

  /// Undoes that, unless another program has chains for what is forwarded by now: then it is its business, too.
  func resignRouter(_ firewall: Firewall) throws {
    let record = try readRecord()
    guard !record.isEmpty else { return }
    if try !firewall.hasForeignForwarding() {
      for family in Self.families where record[family] != nil { try HostNetwork.resignRouter(family) }
    }
    try Converge.removeRecord(guardFile)
  }

  // MARK: The record

  /// A line for each family and link, and one for a family that had none.
  private func readRecord() throws -> Record {
    guard let bytes = try HostFiles.readIfPresent(guardFile) else { return [:] }
    var record: Record = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard let family = Self.families.first(where: { "\($0)" == words.first }) else { continue }
      record[family, default: []] += words.dropFirst()
    }
    return record
  }

  private func write(_ record: Record) throws {
    let lines = record.flatMap { family, links in ["\(family)"] + links.map { "\(family) \($0)" } }
    try HostFiles.replace(guardFile, with: Array(lines.joined(separator: "\n").utf8))
  }
}
