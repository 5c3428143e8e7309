import DNSFormat
import Diagnostics
import LinuxKernel
import NIOCore
import NIOPosix
import NetworkAddresses

/// Asks other resolvers what we do not know. It belongs to one event loop.
///
/// Each question has a socket of its own: an answer must guess its port as well as its id (RFC 5452).
final class Forwarder {
  enum Transport: Sendable {
    case datagram, stream
  }

  private let loop: any EventLoop
  private var count = 0

  /// How many questions may be out at once, so that one who asks without end does not take every descriptor.
  private static let most = 1000
  /// How long a server has before the next one is asked besides it, and how often the whole list is gone through.
  private static let patience = TimeAmount.milliseconds(1500)
  private static let rounds = 2
  static let port = 53

  init(on loop: any EventLoop) {
    self.loop = loop
  }

  /// Passes a question on to servers, one after the other, until one knows. Nil: there is nobody to ask, or too much is
  /// asked already.
  ///
  /// - Parameter network: The network namespace to ask from; nil: this machine's.
  func forward(
    _ message: [UInt8], _ query: DNSQuery, to servers: [IPAddress], from network: SharedDescriptor? = nil,
    over transport: Transport
  ) -> Inquiry? {
    guard !servers.isEmpty, count < Self.most else { return nil }
    count += 1
    let inquiry = Inquiry(message, query, transport, from: network, on: loop)
    inquiry.result.assumeIsolated().whenComplete { _ in self.count -= 1 }
    let attempts = (0..<Self.rounds).flatMap { _ in servers }
    inquiry.begin(attempts, patience: Self.patience)
    return inquiry
  }
}

/// A question that is being asked. It belongs to its event loop.
final class Inquiry {
  private let message: [UInt8]
  private let query: DNSQuery
  private let transport: Forwarder.Transport
  private let network: SharedDescriptor?
  private let loop: any EventLoop
  private let promise: EventLoopPromise<[UInt8]?>
  private var servers: ArraySlice<IPAddress> = []
  private var open: [any Channel] = []
  private var unfinished = 0
  private var timer: Scheduled<Void>?
  private var isDone = false
  private var lastResort: [UInt8]?

  /// The first good answer, or else the last bad one; nil when no server says anything.
  var result: EventLoopFuture<[UInt8]?> { promise.futureResult }

  fileprivate init(
    _ message: [UInt8], _ query: DNSQuery, _ transport: Forwarder.Transport, from network: SharedDescriptor?,
    on loop: any EventLoop
  ) {
    (self.message, self.query, self.transport, self.network, self.loop) = (message, query, transport, network, loop)
    promise = loop.makePromise()
  }

  /// Asks no further, and lets go of its sockets: nobody waits for the answer any more.
  func cancel() {
    finish(nil)
  }

  fileprivate func begin(_ servers: [IPAddress], patience: TimeAmount) {
    self.servers = servers[...]
    askNext(patience)
  }

  private func askNext(_ patience: TimeAmount) {
    timer?.cancel()
    guard !isDone else { return }
    guard let server = servers.popFirst() else {
      if unfinished == 0 { finish(lastResort) } else { wait(patience) { $0.finish($0.lastResort) } }
      return
    }
    unfinished += 1
    wait(patience) { $0.askNext(patience) }
    let id = UInt16.random(in: .min ... .max)
    let reply = loop.makePromise(of: [UInt8].self)
    connect(to: server, id, reply)
    reply.futureResult.assumeIsolated().whenComplete { result in
      self.unfinished -= 1
      if case .success(let answer) = result { self.take(answer, patience) } else { self.askNext(patience) }
    }
  }

  private func wait(_ time: TimeAmount, _ body: @escaping (Inquiry) -> Void) {
    timer = loop.assumeIsolated().scheduleTask(in: time) { body(self) }
  }

  /// A server that cannot or will not say may be followed by one that does.
  private func take(_ answer: [UInt8], _ patience: TimeAmount) {
    let code = (try? DNSHeader(answer))?.code
    if code == .serverFailure || code == .refused || code == .notImplemented {
      lastResort = answer
      askNext(patience)
    } else {
      finish(answer)
    }
  }

  private func finish(_ answer: [UInt8]?) {
    guard !isDone else { return }
    isDone = true
    timer?.cancel()
    for channel in open { channel.close(promise: nil) }
    promise.succeed(answer.map { DNSRelay.renumbered($0, query.header.id) })
  }

  private func connect(to server: IPAddress, _ id: UInt16, _ reply: EventLoopPromise<[UInt8]>) {
    let question = DNSRelay.renumbered(message, id)
    do {
      let address = try SocketAddress(ipAddress: "\(server)", port: Forwarder.port)
      let (query, transport) = (query, transport)
      let initializer = { @Sendable (channel: any Channel) in
        channel.eventLoop.makeCompletedFuture {
          let handler = ReplyHandler(query, id, question, transport, reply)
          if transport == .datagram { try channel.pipeline.syncOperations.addHandler(DatagramContents()) }
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      let loop = loop
      func connect() -> EventLoopFuture<any Channel> {
        switch transport {
        case .datagram: DatagramBootstrap(group: loop).channelInitializer(initializer).connect(to: address)
        case .stream:
          ClientBootstrap(group: loop).connectTimeout(.seconds(4)).channelInitializer(initializer).connect(to: address)
        }
      }
      // On its own event loop a bootstrap makes the socket before it returns; and a socket stays where it was made.
      let connecting =
        if let network {
          try Namespace.within(network.descriptor, .net) { () throws(SystemError) in connect() }
        } else {
          connect()
        }
      connecting.assumeIsolated().whenComplete { result in
        switch result {
        case .success(let channel): self.keep(channel)
        case .failure(let error): reply.fail(error)
        }
      }
    } catch {
      reply.fail(error)
    }
  }

  private func keep(_ channel: any Channel) {
    if isDone { channel.close(promise: nil) } else { open.append(channel) }
  }
}

/// Takes what came out of its envelope: a connected socket has one sender only.
private final class DatagramContents: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias InboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
  }
}

/// Sends one question and waits for its answer.
private final class ReplyHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let query: DNSQuery
  private let id: UInt16
  private let question: [UInt8]
  private let transport: Forwarder.Transport
  private let reply: EventLoopPromise<[UInt8]>
  private var received = ByteBuffer()

  init(
    _ query: DNSQuery, _ id: UInt16, _ question: [UInt8], _ transport: Forwarder.Transport,
    _ reply: EventLoopPromise<[UInt8]>
  ) {
    (self.query, self.id, self.question, self.transport, self.reply) = (query, id, question, transport, reply)
  }

  func channelActive(context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: question.count + 2)
    if transport == .stream { buffer.writeInteger(UInt16(question.count)) }
    buffer.writeBytes(question)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    if transport == .stream {
      received.writeBuffer(&buffer)
      guard let message = received.readLengthPrefixedSlice(as: UInt16.self) else { return }
      buffer = message
    }
    let answer = Array(buffer.readableBytesView)
    // Of what is no answer the sender is somebody else: the true one may still come.
    guard DNSRelay.isAnswer(answer, to: query, id: id) else { return }
    reply.succeed(answer)
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    reply.fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    reply.fail(ChannelError.eof)
  }
}
