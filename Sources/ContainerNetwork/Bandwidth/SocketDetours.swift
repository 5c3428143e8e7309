import Diagnostics
import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import Synchronization

/// Whose packets are limited where a container is in this machine's own network, and has no cable: those of all sockets
/// that were made in its cgroup of version 2, or in one below it.
public struct CgroupSockets: Sendable, Hashable {
  /// The cgroup's directory.
  public var directory: String

  public init(in directory: String) {
    self.directory = directory
  }
}

/// Detours by limiters on this machine's own links, for the packets of some sockets: on each link there is a filter for each
/// way, behind all filters of others, whose say comes first. What stays on the machine's loopback link is nobody's bandwidth.
///
/// A link's port (of a bridge, of a bond) is left out, since what passes it passes the other, too.
public final class SocketDetours: Sendable {
  private let links: HostLinks
  private let places: FilterPlaces
  /// How each limiter was led when it was last, by its name.
  private let led = Mutex<[String: Led]>([:])

  private struct Led: Equatable {
    var links: Set<UInt32> = []
    var addresses: Set<IPAddress> = []
    var mtu: UInt32 = 0
  }

  /// Works in the network namespace of the calling thread.
  ///
  /// - Parameter record: A file that outlives the server, but not a boot of the machine, with the links that are ours to
  ///   tidy up.
  public init(record: String) throws {
    links = try HostLinks()
    places = try FilterPlaces(links, record: record)
  }

  /// By which the program on a cgroup is known again.
  private static let marking = "apus_marks"

  // MARK: Leading

  /// Leads what sockets send and receive by a limiter's links from now on, on all links there are. It replaces what led
  /// there before. Returns the names of links on which filters of others come first: what those decide about takes no detour.
  ///
  /// - Throws: `unsupported` when the kernel lacks a part of what this takes, naming it; `conflict` for a link on which
  ///   another program has put a qdisc of the kind `ingress`, which leaves no place for what is sent. All other links are led
  ///   even so.
  @discardableResult
  public func lead(_ sockets: CgroupSockets, by limiter: BandwidthLimiter) throws -> Set<String> {
    let own = try ownLinks()
    let addresses = try ownAddresses()
    led.withLock { $0[limiter.name] = Led(links: Set(own.map(\.index)), addresses: addresses, mtu: limiter.mtu) }
    let cgroup = try HostFiles.open(sockets.directory, .directory)
    if limiter.received == nil { try CgroupHook.receivedPackets.clear(cgroup, of: Self.marking) }
    var overruled: Set<String> = []
    var failure: (any Error)?
    for way in limiter.ways {
      guard let detour = try links.find(way.link) else {
        throw ClassifiedError(.system, "the link is gone that limits bandwidth", object: way.link)
      }
      let program = try Self.load(cgroup, way.socketDirection, addresses)
      let redirection = SocketRedirection(
        way.socketDirection, program: program.descriptor.rawValue, detour: detour.index, name: way.link)
      for link in own {
        do {
          if try lead(link, redirection) { overruled.insert(link.name) }
        } catch {
          // A link may go at any time.
          if try links.exists(link.name) { failure = failure ?? error }
        }
      }
    }
    if let failure { throw failure }
    return overruled
  }

  /// Whether filters of others come first.
  private func lead(_ link: LinkInfo, _ redirection: SocketRedirection) throws -> Bool {
    try places.open(link, redirection.direction)
    let present = try filters(redirection.direction, of: link.index)
    // Of an ifb that has gone: what it led there is dropped.
    for filter in present where filter.name == redirection.name && filter.handle != redirection.detour {
      try delete(filter, redirection.direction)
    }
    try links.need("cls_bpf or act_mirred", to: FilterPlaces.need, .redirect(redirection, of: link.index))
    return present.contains { !$0.isOfSockets }
  }

  private static func load(
    _ cgroup: borrowing Descriptor, _ direction: TrafficDirection, _ addresses: Set<IPAddress>
  ) throws -> KernelProgram {
    do throws(SystemError) {
      switch direction {
      case .outgoing:
        // Its number is that of the directory's inode. bpf-helpers(7), bpf_skb_ancestor_cgroup_id.
        let program = SocketProgram.sent(by: try cgroup.status().inode)
        return try KernelProgram(.packets, named: "apus_sent", program.instructions)
      case .incoming:
        let marks = try SocketMarks()
        let program = SocketProgram.received(by: marks, at: addresses.sorted { $0.number < $1.number })
        let loaded = try KernelProgram(.packets, named: "apus_received", program.instructions)
        try KernelProgram(.cgroupPackets, named: marking, SocketProgram.marking(marks).instructions).attach(
          to: cgroup, at: .receivedPackets, insteadOf: marking)
        return loaded
      }
    } catch {
      throw ClassifiedError(
        error.kind == .forbidden ? .forbidden : .unsupported,
        "this kernel cannot tell whose packets those in the machine's network are: \(error.explanation)",
        advice: "leave out the limit, or use a network of containers")
    }
  }

  /// Ends what marks the sockets of a cgroup that go on without a limit. A cgroup that has gone is no matter.
  public func release(_ sockets: CgroupSockets) throws {
    try ignoringAbsence { () throws(SystemError) in
      try CgroupHook.receivedPackets.clear(try HostFiles.open(sockets.directory, .directory), of: Self.marking)
    }
  }

  // MARK: Looking

  /// What there is to be done, since a limiter was last led.
  public struct Lack: Sendable, Equatable {
    /// Links that are new, and links that another program has taken a detour from.
    public var new: [String] = []
    public var damaged: [String] = []
    /// Whether addresses have come or gone, or the size of packets has changed.
    public var isOutdated = false

    public var isNone: Bool { self == Lack() }
  }

  public func lack(of limiter: BandwidthLimiter) throws -> Lack {
    let known = led.withLock { $0[limiter.name] } ?? Led()
    var lack = Lack()
    let detours = try limiter.ways.map { (way: $0, index: try links.find($0.link)?.index) }
    for link in try ownLinks() {
      let isLed = try detours.allSatisfy { way, index in
        try filters(way.socketDirection, of: link.index).contains { $0.name == way.link && $0.handle == index }
      }
      if isLed { continue }
      if known.links.contains(link.index) { lack.damaged.append(link.name) } else { lack.new.append(link.name) }
    }
    lack.isOutdated = try known.addresses != ownAddresses() || known.mtu != largestMTU()
    return lack
  }

  /// In bytes: the largest packet that one of the links takes, and the usual one at least.
  public func largestMTU() throws -> UInt32 {
    max(try ownLinks().map(\.mtu).max() ?? 0, 1500)
  }

  /// All links that programs of this machine send by: that are up, and no part of another. Of a part of a VRF nobody else
  /// sees the packets.
  private func ownLinks() throws -> [LinkInfo] {
    let all = try links.socket.withLock { socket in try socket.dump(.links()) }
    let domains = Set(all.filter { $0.kind == "vrf" }.map(\.index))
    return all.filter { link in
      FilterPlaces.mayBe(on: link) && link.isUp && (link.master.map(domains.contains) ?? true)
    }
  }

  private func ownAddresses() throws -> Set<IPAddress> {
    Set(try links.socket.withLock { socket in try socket.dump(.addresses()) }.map(\.address.address))
  }

  // MARK: Taking away

  /// Takes the detours away that lead to links of which `isStray` says so.
  public func remove(where isStray: (_ detour: String) throws -> Bool) throws {
    let all = try links.socket.withLock { socket in try socket.dump(.links()) }
    try places.forget(besides: all)
    for link in all where FilterPlaces.mayBe(on: link) {
      var isEmpty = true
      for direction in TrafficDirection.allCases {
        for filter in try filters(direction, of: link.index) {
          if filter.isOfSockets, let name = filter.name, try isStray(name) {
            try delete(filter, direction)
          } else {
            isEmpty = false
          }
        }
      }
      if isEmpty { try places.close(link) }
    }
  }

  private func filters(_ direction: TrafficDirection, of link: UInt32) throws(SystemError) -> [TrafficFilterInfo] {
    var found: [TrafficFilterInfo] = []
    try ignoringAbsence { () throws(SystemError) in
      found = try links.socket.withLock { socket throws(SystemError) in
        try socket.dump(.filters(direction, of: link))
      }
    }
    // A priority has an entry of its own, which is none.
    return found.filter { $0.handle != 0 }
  }

  private func delete(_ filter: TrafficFilterInfo, _ direction: TrafficDirection) throws(SystemError) {
    try ignoringAbsence { () throws(SystemError) in
      try links.request([.deleteSocketRedirection(direction, of: filter.link, handle: filter.handle)])
    }
  }
}

/// Without a qdisc for filters there are none; and a link may go at any time.
func ignoringAbsence(_ body: () throws(SystemError) -> Void) throws(SystemError) {
  do throws(SystemError) {
    try body()
  } catch {
    guard error.errno == EINVAL || error.kind == .notFound else { throw error }
  }
}

extension BandwidthLimiter.Way {
  /// As the machine's links see it: what the container receives comes in by them.
  fileprivate var socketDirection: TrafficDirection { direction == .outgoing ? .incoming : .outgoing }
}
