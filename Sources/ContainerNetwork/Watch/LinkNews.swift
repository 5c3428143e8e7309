import Netlink

/// What rtnetlink tells of the machine's links and addresses that may be damage. rtnetlink(7).
public enum LinkNews: Sendable, Equatable {
  /// A link has gone.
  case removed(String)
  /// A link that is switched on is in no bridge; most links are in none.
  case unplugged(String)
  case switchedOff(String)
  /// A link has one address more, or less.
  case addressAdded(link: UInt32)
  case addressRemoved(link: UInt32)
  /// What looks at the packets of a link was taken away.
  case filterRemoved(link: UInt32)

  /// Reads a datagram of news.
  ///
  /// Throws: when it is no message of the kernel's, or not all of one.
  public static func all(in datagram: [UInt8]) throws -> [LinkNews] {
    try ReceivedNetlinkMessage.all(in: datagram).compactMap { message in
      if let link = try LinkInfo(message) {
        if link.isDeleted { return .removed(link.name) }
        if !link.isUp { return .switchedOff(link.name) }
        return link.master == nil ? .unplugged(link.name) : nil
      }
      if let filter = try TrafficFilterInfo(message) {
        return filter.isDeleted ? .filterRemoved(link: filter.link) : nil
      }
      if let qdisc = try QdiscInfo(message) { return qdisc.isDeleted ? .filterRemoved(link: qdisc.link) : nil }
      guard let address = try AddressInfo(message) else { return nil }
      return address.isDeleted ? .addressRemoved(link: address.link) : .addressAdded(link: address.link)
    }
  }
}
