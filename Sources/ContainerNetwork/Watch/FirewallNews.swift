import Netlink

/// What a datagram of nf_tables' news means to us. nft-monitor of nft(8).
public struct FirewallNews: Sendable, Equatable {
  /// Whether something of our table was taken away.
  public var isDamage = false
  /// Whether chains of dockerd's, or rules in them, came or went.
  public var concernsDockerd = false
  /// The program that did it, by the name of its thread; it comes behind the rest, in a datagram of its own.
  public var program: String?

  public init() {}
}

extension Firewall {
  /// Reads a datagram of news; what we did ourselves is none.
  ///
  /// Throws: when it is no message of the kernel's, or not all of one.
  public func news(in datagram: [UInt8]) throws -> FirewallNews {
    var news = FirewallNews()
    for message in try ReceivedNetlinkMessage.all(in: datagram) where message.port != port {
      if let change = try FirewallChangeInfo(message) {
        news.isDamage = news.isDamage || change.table == ruleset.table && change.isRemoval
        news.concernsDockerd = news.concernsDockerd || DockerUserChain.isConcerned(by: change)
      } else if let generation = try FirewallGenerationInfo(message) {
        news.program = generation.threadName
      }
    }
    return news
  }
}
