import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import Synchronization

/// Our addresses on bridges that are not ours: they go when we do, and what was there before stays. Which those are is
/// written down before they come, for the next server.
///
/// A value that is used by one thread only, as the bridges are.
public struct GuestAddresses: Sendable {
  private struct Guest: Equatable {
    /// By which the bridge is known again, if its owner makes another of that name.
    let link: UInt32
    let bridge: String
    let address: InterfaceAddress
  }

  private let record: String

  /// - Parameter record: The file that they are written to.
  public init(record: String) {
    self.record = record
  }

  func note(_ addresses: [InterfaceAddress], on link: LinkInfo) throws {
    guard !addresses.isEmpty else { return }
    let new = addresses.map { Guest(link: link.index, bridge: link.name, address: $0) }
    let known = try read()
    try write(known + new.filter { !known.contains($0) })
  }

  /// Takes our addresses off the bridges that others have made, but for those that are gateways of some bridges.
  public func leave(_ links: HostLinks, besides bridges: [Bridge]) throws {
    try leave(links) { guest in
      !bridges.contains { $0.name == guest.bridge && $0.gateways.contains(guest.address) }
    }
  }

  /// Takes our addresses off one bridge, if another has made it.
  public func leave(_ links: HostLinks, of bridge: Bridge) throws {
    try leave(links) { $0.bridge == bridge.name }
  }

  private func leave(_ links: HostLinks, where leaves: (Guest) -> Bool) throws {
    let all = try read()
    let kept = all.filter { !leaves($0) }
    for guest in all where !kept.contains(guest) {
      guard let link = try links.find(guest.bridge), link.index == guest.link else { continue }
      let present = try links.socket.withLock { socket in try socket.dump(.addresses(of: link.index)).map(\.address) }
      guard present.contains(guest.address) else { continue }
      try links.request([.deleteAddress(guest.address, from: link.index)], context: "bridge \(guest.bridge)")
    }
    if kept != all { try write(kept) }
  }

  private func read() throws -> [Guest] {
    guard let bytes = try HostFiles.readIfPresent(record) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      guard words.count == 3, let link = UInt32(words[0]), let address = InterfaceAddress(words[1]) else { return nil }
      return Guest(link: link, bridge: words[2], address: address)
    }
  }

  private func write(_ guests: [Guest]) throws {
    guard !guests.isEmpty else {
      if try HostFiles.exists(record) { try HostFiles.remove(record) }
      return
    }
    let lines = guests.map { "\($0.link) \($0.address) \($0.bridge)" }
    try HostFiles.replace(record, with: Array(lines.joined(separator: "\n").utf8))
  }
}
