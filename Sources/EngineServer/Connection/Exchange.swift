import NIOCore
import NIOHTTP1

/// What a connection asks of the server: where a request goes, and to serve it.
protocol ConnectionService: Sendable {
  /// Called on the event loop when a head has arrived; must be quick.
  func plan(_ head: HTTPRequestHead) -> RequestPlan
  /// Where the request's task runs; nil for the pool of threads.
  func executor(for plan: RequestPlan) -> (any TaskExecutor)?
  /// Answers the request through `exchange`. Its task is cancelled when the client goes away.
  func serve(_ exchange: Exchange, _ plan: RequestPlan) async
  /// The head of an answer, with what stands in all of them.
  func head(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) -> HTTPResponseHead
}

/// One request and its answer, as its task sees them. Every call hops to the connection's event loop.
struct Exchange: Sendable {
  let id: UInt64
  let head: HTTPRequestHead
  let handler: NIOLoopBound<ConnectionHandler>
  let eventLoop: any EventLoop

  /// The next piece of the request's body; nil at its end. Throws: `ClientGone`.
  func readBody() async throws -> ByteBuffer? {
    try await withCheckedThrowingContinuation { continuation in
      eventLoop.execute { handler.value.readBody(id, continuation) }
    }
  }

  /// Sends a whole answer. When one is under way already, `line` ends it instead, or without a line the connection
  /// is closed in the midst of it, which the client notices.
  func answer(_ head: HTTPResponseHead, _ body: ByteBuffer?, elseEndWith line: ByteBuffer? = nil) {
    eventLoop.execute {
      if handler.value.begin(id, head) {
        if let body { handler.value.write(id, body, nil) }
        handler.value.finish(id)
      } else if let line {
        handler.value.write(id, line, nil)
        handler.value.finish(id)
      } else {
        handler.value.abort(id)
      }
    }
  }

  /// Sends the head of an answer whose body follows.
  func begin(_ head: HTTPResponseHead) {
    eventLoop.execute {
      handler.value.begin(id, head)
      handler.value.flush()
    }
  }

  /// Sends part of the body, behind the head if that is not out yet; returns when there is room for more.
  /// Throws: `ClientGone`.
  func write(_ bytes: ByteBuffer, head: HTTPResponseHead) async throws {
    try await withCheckedThrowingContinuation { continuation in
      eventLoop.execute {
        handler.value.begin(id, head)
        handler.value.write(id, bytes, continuation)
      }
    }
  }

  /// The body is complete, and may have been empty.
  func finish(head: HTTPResponseHead) {
    eventLoop.execute {
      handler.value.begin(id, head)
      handler.value.finish(id)
    }
  }

  /// Sends the head and leaves HTTP. Throws: `ClientGone`.
  func takeOver(_ head: HTTPResponseHead) async throws -> RawConnection {
    try await withCheckedThrowingContinuation { continuation in
      eventLoop.execute { handler.value.takeOver(id, head, continuation) }
    }
  }
}

// MARK: - The connection's side of an exchange

extension ConnectionHandler {
  fileprivate func readBody(_ id: UInt64, _ reader: InboundQueue.Reader) {
    guard let context, let exchange = state.exchange(id) else { return reader.resume(throwing: ClientGone()) }
    if owesContinue, exchange.answer == .pending {
      let head = HTTPResponseHead(version: .http1_1, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }
    owesContinue = false
    body.next(reader)
    resumeReading()
  }

  /// False when the head is out already, or there is nobody to answer.
  @discardableResult
  fileprivate func begin(_ id: UInt64, _ head: HTTPResponseHead) -> Bool {
    guard let context, let exchange = state.exchange(id), state.begin(id) else { return false }
    var head = head
    if !exchange.keepsAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    return true
  }

  fileprivate func flush() { context?.flush() }

  fileprivate func write(_ id: UInt64, _ bytes: ByteBuffer, _ waiter: WriteWaiters.Waiter?) {
    guard let context, state.exchange(id)?.answer == .begun else {
      waiter?.resume(throwing: ClientGone())
      return
    }
    context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    if let waiter {
      context.flush()
      writers.wait(waiter, isWritable: context.channel.isWritable)
    }
  }

  fileprivate func finish(_ id: UInt64) {
    guard let context, state.exchange(id)?.answer == .begun else { return }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    body.discard()
    perform(state.finish(id), context)
    resumeReading()
  }

  fileprivate func abort(_ id: UInt64) {
    guard let context, state.exchange(id) != nil else { return }
    context.close(promise: nil)
  }

  /// Swaps the handlers of HTTP for one of raw bytes, which gets what the client has sent after its request.
  fileprivate func takeOver(
    _ id: UInt64, _ head: HTTPResponseHead, _ waiter: CheckedContinuation<RawConnection, any Error>
  ) {
    guard let context, state.takeOver(id) else { return waiter.resume(throwing: ClientGone()) }
    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    let raw = RawHandler(task: task)
    let connection = RawConnection(
      handler: NIOLoopBound(raw, eventLoop: context.eventLoop), eventLoop: context.eventLoop)
    let pipeline = context.pipeline.syncOperations
    let gate = gate
    do {
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      try pipeline.addHandler(raw, position: .last)
      pipeline.removeHandler(context: context, promise: nil)
      pipeline.removeHandler(try pipeline.handler(type: HTTPResponseEncoder.self), promise: nil)
      pipeline.removeHandler(decoder).assumeIsolated().whenComplete { _ in
        gate.open()
        pipeline.removeHandler(gate, promise: nil)
        raw.startReading()
        waiter.resume(returning: connection)
      }
    } catch {
      waiter.resume(throwing: ClientGone())
    }
  }
}
