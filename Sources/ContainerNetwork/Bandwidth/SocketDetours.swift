import Diagnostics
import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
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
/// way, behind all filters of others. What stays on the machine's loopback link is nobody's bandwidth.
///
/// A link's port (of a bridge, of a bond) is left out, since what passes it passes the other, too.
public final class SocketDetours: Sendable {
  private let links: HostLinks
  /// The links that nobody had filters on before us.
  private let opened = Mutex<Set<UInt32>>([])
  /// Those that have been led by.
  private let known = Mutex<Set<UInt32>>([])

  /// Works in the network namespace of the calling thread.
  public init() throws(SystemError) {
    links = try HostLinks()
  }

  private static let need = HostLinks.Need(
    "limit bandwidth in the machine's network", advice: "load the module, or leave out the limit")

  /// Leads what sockets send and receive by a limiter's links from now on, on all links there are. It replaces what led
  /// there before.
  ///
  /// - Throws: `unsupported` when the kernel lacks a part of what this takes, naming it; `conflict` for a link on which
  ///   another program has put a qdisc of the kind `ingress`, which leaves no place for what is sent.
  public func lead(_ sockets: CgroupSockets, by limiter: BandwidthLimiter) throws {
    let own = try ownLinks()
    let cgroup = try HostFiles.open(sockets.directory, .directory)
    if limiter.received == nil { try CgroupHook.receivedPackets.clear(cgroup) }
    for way in limiter.ways {
      guard let detour = try links.find(way.link) else { throw gone(way.link) }
      let direction = way.socketDirection
      let program = try Self.load(cgroup, direction)
      let redirection = SocketRedirection(
        direction, program: program.descriptor.rawValue, detour: detour.index, name: way.link)
      for link in own {
        try open(link)
        // Of an ifb that has gone: what it led there is dropped.
        for filter in try filters(direction, of: link.index) where filter.name == way.link {
          if filter.handle != detour.index { try delete(filter, direction) }
        }
        try links.need("cls_bpf or act_mirred", to: Self.need, .redirect(redirection, of: link.index))
        known.withLock { _ = $0.insert(link.index) }
      }
    }
  }

  private static func load(
    _ cgroup: borrowing Descriptor, _ direction: TrafficDirection
  ) throws -> KernelProgram {
    do throws(SystemError) {
      switch direction {
      case .outgoing:
        // Its number is that of the directory's inode. bpf-helpers(7), bpf_skb_ancestor_cgroup_id.
        return try KernelProgram(.packets, SocketProgram.sent(by: try cgroup.status().inode).instructions)
      case .incoming:
        let marks = try SocketMarks()
        let program = try KernelProgram(.packets, SocketProgram.received(by: marks).instructions)
        try KernelProgram(.cgroupPackets, SocketProgram.marking(marks).instructions).attach(
          to: cgroup, at: .receivedPackets)
        return program
      }
    } catch {
      throw ClassifiedError(
        error.kind == .forbidden ? .forbidden : .unsupported,
        "this kernel cannot tell whose packets those in the machine's network are: \(error.explanation)",
        advice: "leave out the limit, or use a network of containers")
    }
  }

  /// Ends what marks the sockets of a cgroup, once nothing leads them by a limiter any more.
  public func release(_ sockets: CgroupSockets) throws {
    try ignoringAbsence { () throws(SystemError) in
      try CgroupHook.receivedPackets.clear(try HostFiles.open(sockets.directory, .directory))
    }
  }

  /// A link that lacks a detour.
  public struct Lacking: Sendable, Hashable {
    public let name: String
    /// Whether it never had any.
    public let isNew: Bool
  }

  /// The links that lack a detour that they should have.
  public func lacking(_ limiter: BandwidthLimiter) throws -> [Lacking] {
    let known = known.withLock { $0 }
    return try ownLinks().filter { link in
      try limiter.ways.contains { way in
        let detour = try links.find(way.link)?.index
        return try !filters(way.socketDirection, of: link.index).contains {
          $0.name == way.link && $0.handle == detour
        }
      }
    }.map { Lacking(name: $0.name, isNew: !known.contains($0.index)) }
  }

  /// In bytes: the largest packet that one of the links takes.
  public func largestMTU() throws -> UInt32 {
    try ownLinks().map(\.mtu).max() ?? 0
  }

  /// Takes the detours away that lead to some links, or to any of which `isStray` says so.
  public func remove(where isStray: (_ detour: String) throws -> Bool) throws {
    for link in try links.socket.withLock({ socket in try socket.dump(.links()) }) where Self.mayHaveFilters(link) {
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
      if isEmpty, opened.withLock({ $0.remove(link.index) }) != nil { try close(link) }
    }
  }

  // MARK: Links

  private func ownLinks() throws -> [LinkInfo] {
    try links.socket.withLock { socket in try socket.dump(.links()) }.filter { link in
      Self.mayHaveFilters(link) && link.isUp && link.master == nil
    }
  }

  private static func mayHaveFilters(_ link: LinkInfo) -> Bool { !link.isLoopback && link.kind != "ifb" }

  /// Makes the place where filters see all that passes a link, if there is none yet.
  private func open(_ link: LinkInfo) throws {
    let qdiscs = try links.socket.withLock { socket in try socket.dump(.qdiscs(of: link.index)) }
    if qdiscs.contains(where: { $0.kind == Qdisc.filtering.kind }) { return }
    guard !qdiscs.contains(where: { $0.parent == .filtering }) else {
      throw ClassifiedError(
        .conflict,
        "what is sent by the link \(link.name) cannot be limited: another program filters what comes in by it",
        advice: "replace its qdisc 'ingress' by 'clsact' (tc-bpf(8)), or use a network of containers")
    }
    try links.need("sch_ingress", to: Self.need, .replaceQdisc(.filtering, on: link.index))
    opened.withLock { _ = $0.insert(link.index) }
  }

  private func close(_ link: LinkInfo) throws {
    try ignoringAbsence { () throws(SystemError) in
      try links.request([.deleteQdisc(on: link.index, parent: .filtering)])
    }
  }

  // MARK: Filters

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

  /// Without a qdisc for filters there are none; and a link may go at any time.
  private func ignoringAbsence(_ body: () throws(SystemError) -> Void) throws(SystemError) {
    do throws(SystemError) {
      try body()
    } catch {
      guard error.errno == EINVAL || error.errno == ENODEV || error.kind == .notFound else { throw error }
    }
  }

  private func gone(_ name: String) -> ClassifiedError {
    ClassifiedError(.system, "the link is gone that limits bandwidth", object: name)
  }
}

extension BandwidthLimiter.Way {
  /// As the machine's links see it: what the container receives comes in by them.
  fileprivate var socketDirection: TrafficDirection { direction == .outgoing ? .incoming : .outgoing }
}
