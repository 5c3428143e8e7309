import Diagnostics
import LinuxKernel
import LinuxNetwork
import Netlink
import Synchronization

/// The places of filters on links that are not ours: where there was none before, it is taken away when the last filter has
/// gone. Which links those are is written down, for the next server.
final class FilterPlaces: Sendable {
  private let links: HostLinks
  private let record: String
  /// By index; the name is there to know the link again.
  private let opened: Mutex<[UInt32: String]>

  init(_ links: HostLinks, record: String) throws {
    (self.links, self.record) = (links, record)
    let text = try HostFiles.readIfPresent(record).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let pairs = text.split(separator: "\n").compactMap { line -> (UInt32, String)? in
      let words = line.split(separator: " ", maxSplits: 1)
      return words.count == 2 ? UInt32(words[0]).map { ($0, String(words[1])) } : nil
    }
    opened = Mutex(Dictionary(pairs) { first, _ in first })
  }

  /// Whether a link is one that sends what programs of this machine send, and not by itself.
  static func mayBe(on link: LinkInfo) -> Bool { !link.isLoopback && link.kind != "ifb" && link.kind != "vrf" }

  static let need = HostLinks.Need(
    "limit bandwidth in the machine's network", advice: "load the module, or leave out the limit")

  /// Makes the place where filters see what passes a link, if there is none yet.
  ///
  /// Throws: `conflict` when another program has one that sees only what comes in, and more is wanted.
  func open(_ link: LinkInfo, _ direction: TrafficDirection) throws {
    let qdiscs = try links.socket.withLock { socket in try socket.dump(.qdiscs(of: link.index)) }
    if qdiscs.contains(where: { $0.kind == Qdisc.filtering.kind }) { return }
    if qdiscs.contains(where: { $0.parent == .filtering }) {
      guard direction == .outgoing else { return }
      throw ClassifiedError(
        .conflict,
        "what is sent by the link \(link.name) cannot be limited: another program filters what comes in by it",
        advice: "replace its qdisc 'ingress' by 'clsact' (tc-bpf(8)), or use a network of containers")
    }
    try opened.withLock { opened in
      opened[link.index] = link.name
      try write(opened)
    }
    try links.need("sch_ingress", to: Self.need, .replaceQdisc(.filtering, on: link.index))
  }

  /// Takes a place away that is empty, if we made it.
  func close(_ link: LinkInfo) throws {
    let isOurs = try opened.withLock { opened in
      guard opened.removeValue(forKey: link.index) == link.name else { return false }
      try write(opened)
      return true
    }
    guard isOurs else { return }
    try ignoringAbsence { () throws(SystemError) in
      try links.request([.deleteQdisc(on: link.index, parent: .filtering)])
    }
  }

  /// Forgets links that are gone, and their places with them.
  func forget(besides links: [LinkInfo]) throws {
    try opened.withLock { opened in
      let left = opened.filter { index, name in links.contains { $0.index == index && $0.name == name } }
      guard left.count < opened.count else { return }
      opened = left
      try write(opened)
    }
  }

  private func write(_ opened: [UInt32: String]) throws {
    guard !opened.isEmpty else {
      if try HostFiles.exists(record) { try HostFiles.remove(record) }
      return
    }
    try HostFiles.replace(record, with: Array(opened.map { "\($0.key) \($0.value)" }.joined(separator: "\n").utf8))
  }
}
