import NIOCore
import NIOHTTP1

extension ChannelHandlerContext {
  /// Ends this side of the connection once all that was written is out; `done` is called on the event loop then.
  ///
  /// Closing the output of a channel whose input has ended closes it whole, with what still waits to be written.
  func endOutput(_ done: @escaping () -> Void) {
    // Nothing, written last, is out when everything is. It goes past the encoder, which would take it for a part of HTTP.
    let encoder = try? pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
    (encoder ?? self).writeAndFlush(NIOAny(ByteBuffer())).assumeIsolated().whenComplete { _ in
      self.close(mode: .output).assumeIsolated().whenComplete { _ in done() }
    }
  }
}
