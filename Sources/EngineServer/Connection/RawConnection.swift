import NIOCore

/// A connection that has left HTTP: bytes both ways, each way ending by itself.
struct RawConnection: Sendable {
  let handler: NIOLoopBound<RawHandler>
  let eventLoop: any EventLoop

  /// The client's next bytes; nil when it has shut its side. Throws: `ClientGone`.
  func read() async throws -> ByteBuffer? {
    try await withCheckedThrowingContinuation { continuation in
      eventLoop.execute { handler.value.read(continuation) }
    }
  }

  /// Sends bytes; returns when there is room for more. Throws: `ClientGone`.
  func write(_ bytes: ByteBuffer) async throws {
    try await withCheckedThrowingContinuation { continuation in
      eventLoop.execute { handler.value.write(bytes, continuation) }
    }
  }

  /// Shuts our side after the last byte is out, and closes when the client does, or soon after. A reader sees
  /// `ClientGone`.
  func close() {
    eventLoop.execute { handler.value.close() }
  }
}

/// The channel's side of a `RawConnection`.
final class RawHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long a client may take to close its side after we have shut ours.
  private static let lingerTime = TimeAmount.seconds(2)

  /// The task that has the connection; it ends with it.
  private let task: Task<Void, Never>?
  private var input = InboundQueue()
  private var writers = WriteWaiters()
  private var isClosing = false
  private var outputIsOut = false
  private var inputHasEnded = false
  private var readIsWithheld = false
  private var lingering: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  init(task: Task<Void, Never>?) {
    self.task = task
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if !context.channel.isActive { channelGone() }
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !isClosing { input.push(unwrapInboundIn(data)) }
  }

  func read(context: ChannelHandlerContext) {
    if input.isFull { readIsWithheld = true } else { context.read() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event as? ChannelEvent == .inputClosed else { return context.fireUserInboundEventTriggered(event) }
    input.finish()
    inputHasEnded = true
    if outputIsOut { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    channelGone()
    context.fireChannelInactive()
  }

  private func channelGone() {
    input.fail(ClientGone())
    writers.fail(ClientGone())
    lingering?.cancel()
    task?.cancel()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { writers.release() }
  }

  /// The channel closes by itself on errors of its socket.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  // MARK: The task's side

  /// HTTP had stopped reading.
  func startReading() { context?.read() }

  func read(_ reader: InboundQueue.Reader) {
    input.next(reader)
    guard readIsWithheld, !input.isFull, let context else { return }
    readIsWithheld = false
    context.read()
  }

  func write(_ bytes: ByteBuffer, _ waiter: WriteWaiters.Waiter) {
    guard let context, context.channel.isActive, !isClosing else { return waiter.resume(throwing: ClientGone()) }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    writers.wait(waiter, isWritable: context.channel.isWritable)
  }

  func close() {
    guard let context, !isClosing else { return }
    isClosing = true
    input.discard()
    input.fail(ClientGone())
    let channel = context.channel
    context.endOutput {
      guard channel.isActive else { return }
      self.outputIsOut = true
      let time = self.inputHasEnded ? .zero : RawHandler.lingerTime
      self.lingering = channel.eventLoop.assumeIsolated().scheduleTask(in: time) { channel.close(promise: nil) }
    }
    readIsWithheld = false
    context.read()
  }
}
