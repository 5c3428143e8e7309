import DNSFormat
import LinuxKernel
import NIOCore
import NetworkAddresses

/// The resolver of one container. It belongs to the name service's event loop.
final class Resolver {
  var scope: ResolverScope
  /// The container's network, where servers are asked from there.
  let network: SharedDescriptor?
  private unowned let service: NameServiceLoop
  /// Questions of this container's that are with other resolvers.
  private var forwarded: [ObjectIdentifier: Inquiry] = [:]
  private var turn = 0
  private var channels: [any Channel] = []

  /// How many questions one container may have out at once.
  private static let mostForwarded = 100

  init(_ scope: ResolverScope, _ network: SharedDescriptor?, _ service: NameServiceLoop) {
    (self.scope, self.network, self.service) = (scope, network, service)
  }

  func keep(_ channel: any Channel) {
    channels.append(channel)
  }

  /// Closes our ends of the sockets; questions that come now wait for whoever holds the others.
  func end() {
    for channel in channels { channel.close(promise: nil) }
    channels = []
    // Their sockets may be in the container's network, which stays as long as they do.
    for inquiry in forwarded.values { inquiry.cancel() }
  }

  /// Answers a message. Nil: it deserves none.
  func answer(_ message: [UInt8], over transport: Forwarder.Transport) -> EventLoopFuture<[UInt8]?> {
    let loop = service.loop
    let query: DNSQuery
    do {
      query = try DNSQuery(message)
    } catch {
      return loop.makeSucceededFuture(DNSQuery.formatErrorAnswer(to: message))
    }
    turn &+= 1
    let limit = transport == .datagram ? query.mostAnswerBytes : nil
    switch service.resolve(query, scope, turn: turn, limit: limit) {
    case .answer(let answer): return loop.makeSucceededFuture(answer)
    case .forward: break
    }
    let failure = query.answer(.serverFailure, isAuthoritative: false, limit: limit)
    guard forwarded.count < Self.mostForwarded,
      let inquiry = service.forward(message, query, for: self, over: transport)
    else { return loop.makeSucceededFuture(failure) }
    let key = ObjectIdentifier(inquiry)
    forwarded[key] = inquiry
    return inquiry.result.assumeIsolated().map { answer in
      self.forwarded[key] = nil
      guard let answer else { return failure }
      return transport == .datagram ? DNSRelay.fitted(answer, to: query) : answer
    }.nonisolated()
  }
}

/// Takes questions in datagrams.
final class DatagramQuestions: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  private let resolver: Resolver

  init(_ resolver: Resolver) {
    self.resolver = resolver
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    let channel = context.channel
    resolver.answer(Array(envelope.data.readableBytesView), over: .datagram).assumeIsolated().whenSuccess { answer in
      guard let answer else { return }
      channel.writeAndFlush(
        AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer)), promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // That a client has gone is no reason to stop: the kernel tells it (ECONNREFUSED) on the next use of the socket.
  }
}

/// Takes questions in one connection, each behind its length. RFC 1035, section 4.2.2; RFC 7766.
final class StreamQuestions: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let resolver: Resolver
  private var received = ByteBuffer()
  private var expiry: Scheduled<Void>?

  /// How long a connection may be silent.
  private static let patience = TimeAmount.seconds(10)

  init(_ resolver: Resolver) {
    self.resolver = resolver
  }

  func channelActive(context: ChannelHandlerContext) {
    waitForMore(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    received.writeBuffer(&buffer)
    waitForMore(context)
    let channel = context.channel
    while let message = received.readLengthPrefixedSlice(as: UInt16.self) {
      resolver.answer(Array(message.readableBytesView), over: .stream).assumeIsolated().whenSuccess { answer in
        guard let answer else {
          channel.close(promise: nil)
          return
        }
        var buffer = channel.allocator.buffer(capacity: answer.count + 2)
        buffer.writeInteger(UInt16(answer.count))
        buffer.writeBytes(answer)
        channel.writeAndFlush(buffer, promise: nil)
      }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    expiry?.cancel()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func waitForMore(_ context: ChannelHandlerContext) {
    expiry?.cancel()
    let channel = context.channel
    expiry = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
  }
}
