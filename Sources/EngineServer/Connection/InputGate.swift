import NIOCore

/// Stands before the decoder and, while closed, keeps what the client sends.
///
/// Between the end of an attach request and its answer nobody knows yet whether the next bytes are HTTP or the
/// user's input. Not reading is not enough: when the client has closed its side, NIO reads all that is left and
/// reports the end, and the decoder drops bytes that it holds at an end.
///
/// It also bounds the time that a client may take for one request's head.
final class InputGate: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// How long a request's head may take from its first byte on.
  private let headTimeout: TimeAmount
  private var isClosed = false
  private var held = CircularBuffer<ByteBuffer>()
  private var heldEnd = false
  private var expectsHead = true
  private var deadline: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  init(headTimeout: TimeAmount) {
    self.headTimeout = headTimeout
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    deadline?.cancel()
    self.context = nil
  }

  func close() { isClosed = true }

  /// Lets through what was kept, in order.
  func open() {
    isClosed = false
    while !isClosed, let context, let buffer = held.popFirst() { pass(buffer, context) }
    guard let context, !isClosed else { return }
    context.fireChannelReadComplete()
    if heldEnd {
      heldEnd = false
      context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
  }

  /// A request's head is complete.
  func headArrived() {
    expectsHead = false
    deadline?.cancel()
    deadline = nil
  }

  /// The next bytes belong to a new head.
  func expectHead() { expectsHead = true }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    if isClosed { held.append(buffer) } else { pass(buffer, context) }
  }

  private func pass(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
    context.fireChannelRead(wrapInboundOut(buffer))
    // Nearly every head comes in one piece and has arrived by now.
    guard expectsHead, deadline == nil, self.context != nil else { return }
    let channel = context.channel
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: headTimeout) {
      channel.pipeline.fireErrorCaught(HeadTimeout())
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if isClosed, event as? ChannelEvent == .inputClosed {
      heldEnd = true
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }
}

/// A client took too long to send a request's head.
struct HeadTimeout: Error {}
