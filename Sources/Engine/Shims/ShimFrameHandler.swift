import Diagnostics
import NIOCore
import ShimProtocol

/// Turns the bytes of a connection to a shim into messages, on the connection's event loop.
final class ShimFrameHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// What the handler tells about its connection, in order.
  enum Signal: Sendable {
    case message(ShimEvent)
    /// A batch of messages has been passed on. Without automatic reading, the receiver asks for the next one.
    case batchEnd
    case closed((any Error)?)
  }

  private var decoder = FrameDecoder<ShimEvent>()
  private var failure: (any Error)?
  private let receive: @Sendable (Signal) -> Void

  init(receive: @Sendable @escaping (Signal) -> Void) {
    self.receive = receive
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    decoder.append(contentsOf: unwrapInboundIn(data).readableBytesView)
    do {
      while let message = try decoder.next() { receive(.message(message)) }
    } catch {
      errorCaught(context: context, error: error)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    receive(.batchEnd)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failure = failure ?? error
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    receive(.closed(failure))
  }
}
