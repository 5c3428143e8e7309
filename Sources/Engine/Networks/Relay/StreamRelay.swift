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

  func handlerRemoved(context: ChannelHandlerContext) {
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
      // What was written before goes out first.
      partner?.context?.close(mode: .output, promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    partner?.context?.close(promise: nil)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func readOn() {
    guard let context, let receiver = partner?.context, receiver.channel.isActive else { return }
    isWaitingToRead = !receiver.channel.isWritable
    if !isWaitingToRead { context.read() }
  }
}
