import NIOCore

/// One end of a relayed connection: what it reads, its partner writes.
///
/// It reads only while its partner can write, so that a slow receiver slows its sender down and nothing piles up here.
/// When one side has no more to say, the other is told so, and may still answer.
final class StreamRelay: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var partner: StreamRelay?
  private var context: ChannelHandlerContext?
  private var isWaitingToRead = false

  private init() {}

  /// Two ends, for two channels of one event loop.
  static func pair() -> (StreamRelay, StreamRelay) {
    let (one, other) = (StreamRelay(), StreamRelay())
    (one.partner, other.partner) = (other, one)
    return (one, other)
  }

  // MARK: This end

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // The container's end is active before this handler is there.
    if context.channel.isActive { readOn() }
  }

  /// Comes last of all, also where the channel never was active.
  func handlerRemoved(context: ChannelHandlerContext) {
    partner?.finish(.all)
    self.context = nil
    partner = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    readOn()
    partner?.readOn()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    partner?.context?.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    partner?.context?.flush()
    readOn()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, partner?.isWaitingToRead == true { partner?.readOn() }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      partner?.finish(.output)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  /// Ends this side once all that was written is out: what was written last, nothing, is out then. Closing the output of a
  /// channel whose input has ended would else close it whole, with what still waits.
  private func finish(_ mode: CloseMode) {
    guard let context else { return }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
      context.close(mode: mode, promise: nil)
    }
  }

  private func readOn() {
    guard let context, let receiver = partner?.context, receiver.channel.isActive else { return }
    isWaitingToRead = !receiver.channel.isWritable
    if !isWaitingToRead { context.read() }
  }
}
