import CLinux
import Glibc
public import LinuxKernel
public import Netlink

/// A conversation with the kernel about links, addresses, routes and traffic, or about its packet filter. netlink(7).
///
/// A socket belongs to the network namespace that its thread was in when it was opened, and stays there. The kernel
/// answers inside the call that asks: nothing here waits, except ``receive()``'s caller for its descriptor to be
/// readable.
public struct NetlinkSocket: ~Copyable, Sendable {
  /// Which part of the kernel it speaks with. linux/netlink.h, NETLINK_….
  public enum Family: Int32, Sendable {
    case route = 0
    case netfilter = 12
  }

  private let socket: Descriptor
  /// The socket's own number: news of what it asked for carries it.
  public let port: UInt32
  private let isFilter: Bool
  private var sequence: UInt32 = 0
  private var buffer: [UInt8]

  /// How often a dump is asked for again when objects come or go while it is made.
  private static let mostDumps = 10
  /// The kernel's own largest part of a dump is 32 KiB.
  private static let bufferSize = 1 << 16

  /// Opens a socket in the calling thread's network namespace.
  ///
  /// Throws: EPROTONOSUPPORT when the kernel lacks nf_tables.
  public init(_ family: Family) throws(SystemError) {
    let socket = Descriptor(
      owning: try systemCall("make netlink socket") { clinux_netlink_socket(family.rawValue) })
    for option in [Option.extendedAcknowledgement, Option.capAcknowledgement, Option.strictChecking] {
      try systemCall("set up netlink socket") { clinux_netlink_set(socket.rawValue, option, 1) }
    }
    // A socket without a port gets no news: the kernel takes it for its own.
    try systemCall("bind netlink socket") { clinux_netlink_bind(socket.rawValue) }
    // Room for a ruleset in one datagram, and for the answers to it.
    try Self.setBufferSize(socket, forced: SO_SNDBUFFORCE, limited: SO_SNDBUF)
    try Self.setBufferSize(socket, forced: SO_RCVBUFFORCE, limited: SO_RCVBUF)
    let descriptor = socket.rawValue
    var port: UInt32 = 0
    try systemCall("find port of netlink socket") { unsafe clinux_netlink_port(descriptor, &port) }
    self.port = port
    self.socket = socket
    isFilter = family == .netfilter
    buffer = [UInt8](repeating: 0, count: Self.bufferSize)
  }

  /// Opens a socket in an open network namespace. The calling thread is back in its own afterwards.
  public static func open(_ family: Family, in namespace: borrowing Descriptor) throws(SystemError) -> NetlinkSocket {
    try Namespace.within(namespace, .net) { () throws(SystemError) in try NetlinkSocket(family) }
  }

  /// Becomes readable when news of a group is there; for epoll(7).
  public var descriptor: Int32 { socket.rawValue }

  /// Gives up the conversation: whoever has the descriptor reads the datagrams of the groups that it joined.
  public consuming func take() -> Descriptor { socket }

  // MARK: Asking

  /// Sends messages in one call and waits until the kernel has worked through all of them.
  ///
  /// Each is done or fails by itself: after a failure, those behind it have been tried too. The messages of a
  /// ``FirewallTransaction`` are the exception, of which all are done or none.
  ///
  /// Throws: the first failure, with the message's action and object, the kernel's own words, and `context` in front.
  public mutating func request(_ messages: [NetlinkMessage], context: String = "") throws(SystemError) {
    guard let last = messages.last else { return }
    let start = sequence &+ 1
    // The end of a batch is acknowledged by Linux 6.10 and newer; what the others say is told after the commit, too.
    let final = messages.count - (isFilter && messages.count > 1 && last.isBatchEnd ? 2 : 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(messages.reduce(0) { $0 + $1.bytes.count })
    for (index, message) in messages.enumerated() {
      sequence &+= 1
      if message.isTooLong { throw Self.error(EMSGSIZE, message, context) }
      // Failures are always told, so one acknowledgement stands for all.
      bytes += message.bytes(sequence: sequence, adding: index == final ? .acknowledge : [])
    }
    try send(bytes, last, context)
    try collectAcknowledgements(of: messages, from: start, final: final, context)
  }

  /// Sends one message.
  public mutating func request(_ message: NetlinkMessage, context: String = "") throws(SystemError) {
    try request([message], context: context)
  }

  /// Asks for objects and gives those that came. A list that changed while it was made is asked for again, ten times
  /// at most.
  ///
  /// Throws: what the kernel said; EBADMSG when its answer cannot be read; EINTR when the list never stood still.
  public mutating func dump<Answer>(_ query: NetlinkQuery<Answer>) throws(SystemError) -> [Answer] {
    for _ in 0..<Self.mostDumps {
      if let answers = try dumpOnce(query) { return answers }
    }
    throw Self.error(EINTR, query.message, "")
  }

  // MARK: Listening

  /// Joins a group: what changes is sent from now on. linux/rtnetlink.h RTNLGRP_…, linux/netfilter/nfnetlink.h
  /// NFNLGRP_….
  public func subscribe(to group: UInt32) throws(SystemError) {
    try systemCall("subscribe to netlink group", "\(group)") {
      clinux_netlink_set(socket.rawValue, Option.addMembership, Int32(bitPattern: group))
    }
  }

  /// The news that came, without waiting; empty when there is none.
  ///
  /// Throws: ENOBUFS when some were lost, after which the reader has to list the objects anew.
  public mutating func receive() throws(SystemError) -> [ReceivedNetlinkMessage] {
    try receiveDatagram() ?? []
  }
}

// MARK: -

extension NetlinkSocket {
  private enum Option {
    static let addMembership: Int32 = 1
    static let capAcknowledgement: Int32 = 10
    static let extendedAcknowledgement: Int32 = 11
    static let strictChecking: Int32 = 12
  }

  private static func setBufferSize(_ socket: borrowing Descriptor, forced: Int32, limited: Int32) throws(SystemError) {
    var size: Int32 = 4 << 20
    let length = socklen_t(MemoryLayout<Int32>.size)
    // Only root of the first user namespace may go past the system's limit; others get as much as that allows.
    if unsafe setsockopt(socket.rawValue, SOL_SOCKET, forced, &size, length) == 0 { return }
    try systemCall("set buffer size of netlink socket") {
      unsafe setsockopt(socket.rawValue, SOL_SOCKET, limited, &size, length)
    }
  }

  private func send(_ bytes: [UInt8], _ message: NetlinkMessage, _ context: String) throws(SystemError) {
    do {
      try systemCall("send") {
        unsafe bytes.withUnsafeBytes { unsafe clinux_netlink_send(socket.rawValue, $0.baseAddress, $0.count) }
      }
    } catch {
      throw Self.error(error.errno, message, context)
    }
  }

  private mutating func collectAcknowledgements(
    of messages: [NetlinkMessage], from start: UInt32, final: Int, _ context: String
  ) throws(SystemError) {
    var failure: SystemError?
    while true {
      guard let received = try receiveDatagram() else {
        if let failure { throw failure }
        throw Self.error(ENODATA, messages[0], context, "the kernel gave no answer")
      }
      for message in received {
        // What is left of an earlier conversation has another number.
        let place = Int(message.sequence &- start)
        guard place < messages.count else { continue }
        switch try Self.meaning(of: message, messages[place]) {
        case .failed(let number, let text):
          if failure == nil { failure = Self.error(number, messages[place], context, text ?? "") }
          if place == final, let failure { throw failure }
        case .acknowledged where place == final:
          if let failure { throw failure }
          return
        default: break
        }
      }
    }
  }

  /// Nil when the dump was interrupted.
  private mutating func dumpOnce<Answer>(_ query: NetlinkQuery<Answer>) throws(SystemError) -> [Answer]? {
    sequence &+= 1
    let isDump = query.message.flags.isSuperset(of: .dump)
    try send(
      query.message.bytes(sequence: sequence, adding: isDump ? [] : .acknowledge), query.message, "")
    var answers: [Answer] = []
    var isInterrupted = false
    while true {
      guard let received = try receiveDatagram() else {
        throw Self.error(ENODATA, query.message, "", "the kernel gave no answer")
      }
      for message in received where message.sequence == sequence {
        isInterrupted = isInterrupted || message.flags.contains(.dumpInterrupted)
        switch try Self.meaning(of: message, query.message) {
        case .done, .acknowledged: return isInterrupted ? nil : answers
        // A generation that changed under a dump of nf_tables.
        case .failed(EINTR, _): return nil
        case .failed(let number, let text): throw Self.error(number, query.message, "", text ?? "")
        case .overrun: throw Self.error(ENOBUFS, query.message, "")
        case .nothing: break
        case .content:
          do throws(NetlinkFormatError) {
            if let answer = try Answer(message), query.isWanted(answer) { answers.append(answer) }
          } catch {
            throw Self.error(EBADMSG, query.message, "", error.explanation)
          }
        }
      }
    }
  }

  /// One datagram from the kernel; nil when there is none.
  private mutating func receiveDatagram() throws(SystemError) -> [ReceivedNetlinkMessage]? {
    while true {
      var sender: UInt32 = 0
      let descriptor = socket.rawValue
      let length: Int
      do {
        length = try systemCall("receive", "from netlink socket") {
          unsafe buffer.withUnsafeMutableBytes {
            unsafe clinux_netlink_receive(descriptor, $0.baseAddress, $0.count, &sender)
          }
        }
      } catch {
        if error.errno == EAGAIN { return nil }
        throw error
      }
      // Other processes may send here too; only the kernel's word counts.
      guard sender == 0 else { continue }
      guard length <= buffer.count else {
        throw SystemError(errno: EMSGSIZE, call: "receive", object: "from netlink socket")
      }
      do throws(NetlinkFormatError) {
        return try ReceivedNetlinkMessage.all(in: Array(buffer[..<length]))
      } catch {
        throw SystemError(
          errno: EBADMSG, call: "receive", object: "from netlink socket", detail: error.explanation)
      }
    }
  }

  private static func meaning(of received: ReceivedNetlinkMessage, _ request: NetlinkMessage) throws(SystemError)
    -> ReceivedNetlinkMessage.Meaning
  {
    do throws(NetlinkFormatError) {
      return try received.meaning()
    } catch {
      throw Self.error(EBADMSG, request, "", error.explanation)
    }
  }

  private static func error(_ number: Int32, _ message: NetlinkMessage, _ context: String, _ detail: String = "")
    -> SystemError
  {
    SystemError(
      errno: number, call: context.isEmpty ? message.action : "\(context): \(message.action)", object: message.object,
      detail: detail)
  }
}
