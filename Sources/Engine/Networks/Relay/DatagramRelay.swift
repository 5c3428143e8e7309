import NIOCore
import NIOPosix

/// Relays datagrams: each sender has a socket of its own towards the container, by which the answers find their way back.
final class DatagramRelay: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  /// In bytes: no datagram is longer.
  static let longest = 64 << 10
  /// How long a sender is remembered after the last datagram, either way.
  static let patience = TimeAmount.seconds(90)
  /// More senders than this at once are not served, so that nobody exhausts the server's descriptors.
  private static let mostSenders = 512
  /// What comes while the socket is being opened; more is lost, as datagrams are.
  private static let mostWaiting = 16

  private enum Session {
    case opening([ByteBuffer])
    case open(any Channel)
  }

  private let target: SocketAddress
  private var sessions: [SocketAddress: Session] = [:]

  init(to target: SocketAddress) {
    self.target = target
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    let sender = envelope.remoteAddress
    switch sessions[sender] {
    case .open(let channel): channel.writeAndFlush(envelope.data, promise: nil)
    case .opening(let waiting):
      if waiting.count < Self.mostWaiting { sessions[sender] = .opening(waiting + [envelope.data]) }
    case nil:
      guard sessions.count < Self.mostSenders else { return }
      sessions[sender] = .opening([envelope.data])
      open(for: sender, context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    for case .open(let channel) in sessions.values { channel.close(promise: nil) }
    sessions = [:]
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // One datagram was lost; the socket goes on.
  }

  private func open(for sender: SocketAddress, _ context: ChannelHandlerContext) {
    let outside = context.channel
    DatagramBootstrap(group: context.eventLoop)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.longest))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            IdleStateHandler(allTimeout: Self.patience), DatagramAnswers(to: sender, through: outside),
          ])
        }
      }
      .connect(to: target)
      .assumeIsolated().whenComplete { [self] result in
        guard case .success(let channel) = result, outside.isActive, case .opening(let waiting) = sessions[sender]
        else {
          sessions[sender] = nil
          if case .success(let channel) = result { channel.close(promise: nil) }
          return
        }
        sessions[sender] = .open(channel)
        channel.closeFuture.assumeIsolated().whenComplete { [self] _ in sessions[sender] = nil }
        for data in waiting { channel.write(data, promise: nil) }
        channel.flush()
      }
  }
}

/// Sends a container's answers back to who asked.
private final class DatagramAnswers: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let sender: SocketAddress
  private let outside: any Channel

  init(to sender: SocketAddress, through outside: any Channel) {
    (self.sender, self.outside) = (sender, outside)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = AddressedEnvelope(remoteAddress: sender, data: unwrapInboundIn(data).data)
    outside.writeAndFlush(envelope, promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Nobody listens at the container's port now: somebody may later.
  }
}
