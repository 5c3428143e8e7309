/// Which packets of a link are meant.
public enum TrafficDirection: Sendable, Hashable, CaseIterable {
  /// What comes in by it, and what leaves by it.
  case incoming, outgoing

  /// The place of the filters. TC_H_MIN_INGRESS and TC_H_MIN_EGRESS of linux/pkt_sched.h.
  var filters: UInt32 {
    switch self {
    case .incoming: 0xFFFF_FFF2
    case .outgoing: 0xFFFF_FFF3
    }
  }
}

/// The filters of a link, by their order: who has no business here is dropped before it takes a detour.
enum TrafficPriority: UInt32 {
  case program = 1
  case redirection
  /// On links that are not ours, behind the filters of others, which are to see all packets: below what the kernel gives to
  /// those who name none, 0xC000.
  case sockets = 0xF000
}

extension MessageWriter {
  /// Of a filter for packets of all protocols: ETH_P_ALL in network order.
  mutating func trafficHeader(
    _ link: UInt32, handle: UInt32, filters priority: TrafficPriority, of direction: TrafficDirection
  ) {
    let anyProtocol: UInt16 = UInt16(0x0003).networkBytes.hostInteger(at: 0) ?? 0
    trafficHeader(link, handle: handle, parent: direction.filters, info: priority.rawValue << 16 | UInt32(anyProtocol))
  }
}

extension MessageWriter {
  /// The action of a filter that sends what it matches out by another link.
  fileprivate mutating func redirection(to link: UInt32) {
    nest(1) { action in
      action.put(1, "mirred")
      action.nest(2) { parameters in
        // struct tc_mirred: index, capabilities, what becomes of the packet (TC_ACT_STOLEN: it is gone from here), two
        // counts, TCA_EGRESS_REDIR, the other link.
        parameters.structure(2) { fields in
          for number in [0, 0, 4, 0, 0, 1, link] { fields.fixed(number) }
        }
      }
    }
  }
}

extension NetlinkMessage {
  /// Sends all that goes one way through a link out by another, an ifb, whose qdisc can hold it back; from there it goes
  /// on as if nothing had been between. Needs `Qdisc.filtering` on the link; a redirection that is there comes first, and is
  /// to be deleted before. Fails with ENOENT when the kernel lacks the filter or the action. tc-u32(8), tc-mirred(8).
  public static func redirect(_ direction: TrafficDirection, of link: UInt32, to other: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newFilter, flags: .create)
    writer.trafficHeader(link, handle: 0, filters: .redirection, of: direction)
    writer.put(TrafficAttribute.kind, "u32")
    writer.nest(TrafficAttribute.options) { options in
      // struct tc_u32_sel with one key that matches anything: no mask. Its first byte says that matching ends here.
      options.put(5, bytes: [1, 0, 1] + [UInt8](repeating: 0, count: 13 + 16))
      options.nest(7) { $0.redirection(to: other) }
    }
    return writer.message("redirect \(direction) packets of", "link \(link)")
  }

  /// Takes such a redirection away; it goes with the qdisc, too. Fails with ENOENT or EINVAL when there is none.
  public static func deleteRedirection(_ direction: TrafficDirection, of link: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteFilter, flags: [])
    writer.trafficHeader(link, handle: 0, filters: .redirection, of: direction)
    return writer.message("no longer redirect \(direction) packets of", "link \(link)")
  }
}

/// A detour for those packets of a link only that a program picks out: of sockets.
public struct SocketRedirection: Sendable {
  /// A loaded program of the kernel's machine that returns all ones for a packet that is meant, and else zero.
  public var program: Int32
  public var direction: TrafficDirection
  /// The ifb that they go by, and its name, by which the filter is known again.
  public var detour: UInt32
  public var name: String

  public init(_ direction: TrafficDirection, program: Int32, detour: UInt32, name: String) {
    (self.direction, self.program, self.detour, self.name) = (direction, program, detour, name)
  }

  /// linux/pkt_cls.h, TCA_BPF_….
  fileprivate static let action: UInt16 = 1
  fileprivate static let descriptor: UInt16 = 6
  static let name: UInt16 = 7
}

extension NetlinkMessage {
  /// Has packets of a link take a detour, in place of a redirection that leads to the same ifb already. Needs
  /// `Qdisc.filtering` on the link. Fails with ENOENT when the kernel lacks the filter or the action. tc-bpf(8).
  public static func redirect(_ redirection: SocketRedirection, of link: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newFilter, flags: .create)
    writer.trafficHeader(link, handle: redirection.detour, filters: .sockets, of: redirection.direction)
    writer.put(TrafficAttribute.kind, "bpf")
    writer.nest(TrafficAttribute.options) { options in
      options.nest(SocketRedirection.action) { $0.redirection(to: redirection.detour) }
      options.put(SocketRedirection.descriptor, UInt32(bitPattern: redirection.program))
      options.put(SocketRedirection.name, redirection.name)
    }
    return writer.message("redirect \(redirection.direction) packets of sockets of", "link \(link)")
  }

  /// Takes such a redirection away. Fails with ENOENT or EINVAL when there is none.
  public static func deleteSocketRedirection(
    _ direction: TrafficDirection, of link: UInt32, handle: UInt32
  ) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteFilter, flags: [])
    writer.trafficHeader(link, handle: handle, filters: .sockets, of: direction)
    return writer.message("no longer redirect \(direction) packets of sockets of", "link \(link)")
  }
}
