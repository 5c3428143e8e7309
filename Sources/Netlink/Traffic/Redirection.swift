extension NetlinkMessage {
  /// Sends all that a link takes in out by another, an ifb, whose qdisc can hold it back; from there it goes on as if
  /// the link had just taken it in. Needs the ingress qdisc on the link; a redirection that is there is replaced.
  /// tc-u32(8), tc-mirred(8).
  public static func redirectIngress(of link: UInt32, to other: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newFilter, flags: [.create, .replace])
    writer.trafficHeader(
      link, handle: Self.firstFilter, parent: TrafficHandle.ingressQdisc.number, info: Self.filterInfo)
    writer.put(TrafficAttribute.kind, "u32")
    writer.nest(TrafficAttribute.options) { options in
      // struct tc_u32_sel with one key that matches anything: no mask. Its first byte says that matching ends here.
      options.put(5, bytes: [1, 0, 1] + [UInt8](repeating: 0, count: 13 + 16))
      options.nest(7) { actions in
        actions.nest(1) { action in
          action.put(1, "mirred")
          action.nest(2) { parameters in
            // struct tc_mirred: index, capabilities, what becomes of the packet (TC_ACT_STOLEN: it is gone from
            // here), two counts, TCA_EGRESS_REDIR, the other link.
            parameters.structure(2) { fields in
              for number in [0, 0, 4, 0, 0, 1, other] { fields.fixed(number) }
            }
          }
        }
      }
    }
    return writer.message("redirect what comes in by", "link \(link)")
  }

  /// Takes such a redirection away. The ingress qdisc takes its own along when it goes.
  public static func deleteIngressFilter(of link: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.deleteFilter, flags: [])
    writer.trafficHeader(
      link, handle: 0, parent: TrafficHandle.ingressQdisc.number, info: Self.filterInfo)
    return writer.message("delete redirection of", "link \(link)")
  }

  /// The first filter of u32's first table, 800::800: with no number, each request would make another filter behind
  /// the one that is there.
  private static let firstFilter: UInt32 = 0x8000_0800

  /// Priority 1, and ETH_P_ALL in network order.
  private static var filterInfo: UInt32 {
    1 << 16 | UInt32(UInt16(0x0003).networkBytes.hostInteger(at: 0, as: UInt16.self) ?? 0)
  }
}
