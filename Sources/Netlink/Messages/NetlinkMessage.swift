/// A message to the kernel, complete with header and attributes; only its sequence number is set when it is sent.
/// netlink(7).
public struct NetlinkMessage: Sendable, Hashable {
  /// Header, fixed part and attributes, padded to four bytes. The sequence number and the port are zero.
  public let bytes: [UInt8]
  /// What it asks for, in words for an error: "create link".
  public let action: String
  /// On what it asks for it: "veth0".
  public let object: String
  /// Whether a part did not fit into the 16 bits of an attribute's length. Such a message is not to be sent: what
  /// follows the part would be read as something else.
  public let isTooLong: Bool

  public var type: UInt16 { bytes.hostInteger(at: 4) ?? 0 }
  /// Whether it ends a ``FirewallTransaction``: of a message to nf_tables.
  public var isBatchEnd: Bool { type == FirewallMessage.batchEnd }
  public var flags: NetlinkFlags { NetlinkFlags(rawValue: bytes.hostInteger(at: 6) ?? 0) }

  /// The bytes to send: with a sequence number, and with flags in addition to its own.
  public func bytes(sequence: UInt32, adding flags: NetlinkFlags = []) -> [UInt8] {
    var result = bytes
    result.setHostInteger(self.flags.union(flags).rawValue, at: 6)
    result.setHostInteger(sequence, at: 8)
    return result
  }
}

/// The flags of a message's header. linux/netlink.h, NLM_F_…
public struct NetlinkFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  public static let request = NetlinkFlags(rawValue: 0x1)
  /// More messages of the same answer follow.
  public static let multipart = NetlinkFlags(rawValue: 0x2)
  public static let acknowledge = NetlinkFlags(rawValue: 0x4)
  /// The news that comes of it is for whoever asks, too.
  public static let echo = NetlinkFlags(rawValue: 0x8)
  /// A dump that objects were added to or taken from while it was made, so that it may lack some.
  public static let dumpInterrupted = NetlinkFlags(rawValue: 0x10)

  /// Of requests that change: replace what is there, fail if it is there, make it if it is not, put it last.
  public static let replace = NetlinkFlags(rawValue: 0x100)
  public static let exclusive = NetlinkFlags(rawValue: 0x200)
  public static let create = NetlinkFlags(rawValue: 0x400)
  public static let append = NetlinkFlags(rawValue: 0x800)
  /// Of requests that ask: all objects.
  public static let dump = NetlinkFlags(rawValue: 0x300)

  /// Of acknowledgements: the request was left out of it, and attributes follow.
  public static let capped = NetlinkFlags(rawValue: 0x100)
  public static let extendedAcknowledgement = NetlinkFlags(rawValue: 0x200)
}

/// A question whose answer is any number of messages of one type.
public struct NetlinkQuery<Answer: NetlinkAnswer>: Sendable {
  public let message: NetlinkMessage
  /// Which of the answers are asked for, where the kernel sends more than these.
  public let isWanted: @Sendable (Answer) -> Bool

  /// Wraps a request for such messages.
  public init(_ message: NetlinkMessage, where isWanted: @escaping @Sendable (Answer) -> Bool = { _ in true }) {
    self.message = message
    self.isWanted = isWanted
  }
}

/// What a message from the kernel says.
public protocol NetlinkAnswer: Sendable {
  /// Reads a message; nil when it is of another type, or about something that was not asked for.
  init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError)
}
