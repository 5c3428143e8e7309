import Diagnostics
import NIOCore
import NIOHTTP1

/// One client's connection: carries out `ConnectionState` on a channel, and starts a task for each request.
///
/// Everything here runs on the channel's event loop; tasks reach it through an `Exchange`.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// How long a client may take to close its side after we have shut ours.
  static let lingerTime = TimeAmount.milliseconds(500)

  let service: any ConnectionService
  let gate: InputGate
  var state = ConnectionState()
  var body = InboundQueue()
  var writers = WriteWaiters()
  var task: Task<Void, Never>?
  /// Requests that came before the present one was answered. Nothing is read meanwhile, so it stays short.
  private var pipelined = CircularBuffer<HTTPServerRequestPart>()
  private var readIsWithheld = false
  /// The client sends its body only when told to (`Expect: 100-continue`).
  var owesContinue = false
  private var refusal = ErrorReply(ClientGone())
  private var lingering: Scheduled<Void>?
  private(set) var context: ChannelHandlerContext?

  init(service: any ConnectionService, gate: InputGate) {
    self.service = service
    self.gate = gate
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  // MARK: From the client

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if !pipelined.isEmpty {
      pipelined.append(part)
    } else if case .head = part, !state.isIdle {
      pipelined.append(part)
    } else {
      handle(part, context)
    }
  }

  private func handle(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    switch part {
    case .head(let head): begin(head, context)
    case .body(let bytes):
      let (isWanted, action) = state.bodyArrived(bytes.readableBytes)
      if isWanted { body.push(bytes) }
      perform(action, context)
    case .end:
      body.finish()
      perform(state.requestEnded(), context)
    }
  }

  private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    gate.headArrived()
    let plan = service.plan(head)
    // The decoder stops after a request that asks for another protocol, whether it is granted or not.
    let isLast = !head.isKeepAlive || head.headers.contains(name: "upgrade")
    let id = state.headArrived(keepsAlive: !isLast, mayTakeOver: plan.mayTakeOver)
    body = InboundQueue()
    owesContinue = head.headers.first(name: "expect")?.lowercased() == "100-continue"
    let exchange = Exchange(
      id: id, head: head, handler: NIOLoopBound(self, eventLoop: context.eventLoop), eventLoop: context.eventLoop)
    task = Task(executorPreference: service.executor(for: plan)) { [service] in await service.serve(exchange, plan) }
  }

  func read(context: ChannelHandlerContext) {
    if canRead(context) {
      context.read()
    } else {
      readIsWithheld = true
    }
  }

  /// Reads on, if reading was put off and there is use for more.
  func resumeReading() {
    guard readIsWithheld, let context, canRead(context) else { return }
    readIsWithheld = false
    context.read()
  }

  /// A client that does not take its answers gets no more requests through.
  private func canRead(_ context: ChannelHandlerContext) -> Bool {
    state.wantsInput && !body.isFull && (!state.isIdle || context.channel.isWritable)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event as? ChannelEvent == .inputClosed else { return context.fireUserInboundEventTriggered(event) }
    // On TCP a client that has gone looks like one that has shut its side; a unix socket tells the two apart.
    if case .exchange = state.phase, context.channel.localAddress?.protocol != .unix { task?.cancel() }
    perform(state.inputEnded(requestsWait: !pipelined.isEmpty), context)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    refusal = ErrorReply(undecodable: error)
    perform(state.inputWasRefused(), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    state.connectionClosed()
    task?.cancel()
    body.fail(ClientGone())
    writers.fail(ClientGone())
    pipelined.removeAll()
    lingering?.cancel()
    context.fireChannelInactive()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      writers.release()
      takePipelined(context)
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: What the state decides

  func perform(_ action: ConnectionState.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .nothing: break
    case .proceed: proceed(context)
    case .linger: linger(context)
    case .refuse:
      writeRefusal(context)
      linger(context)
    case .failBody: body.fail(ClientGone())
    case .holdInput: gate.close()
    }
  }

  private func proceed(_ context: ChannelHandlerContext) {
    task = nil
    gate.expectHead()
    gate.open()
    takePipelined(context)
  }

  /// Takes the requests that wait, as far as answers get out.
  private func takePipelined(_ context: ChannelHandlerContext) {
    while !isWaitingForAnswer, !state.isIdle || context.channel.isWritable, let part = pipelined.popFirst() {
      handle(part, context)
    }
    if pipelined.isEmpty { perform(state.caughtUp(), context) }
    resumeReading()
  }

  /// Whether the next part in the queue has to wait.
  private var isWaitingForAnswer: Bool {
    if case .exchange(let exchange) = state.phase { exchange.requestEnded } else { false }
  }

  private func writeRefusal(_ context: ChannelHandlerContext) {
    var head = service.head(refusal.status, refusal.headers)
    head.headers.replaceOrAdd(name: "Connection", value: "close")
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(refusal.body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Closing while the client still sends would reset the connection, and it might never read our answer.
  private func linger(_ context: ChannelHandlerContext) {
    gate.headArrived()
    gate.open()
    let channel = context.channel
    // The time runs from when the answer is out: a slow reader gets all of it.
    context.endOutput {
      guard channel.isActive else { return }
      let time = self.state.inputHasEnded ? .zero : ConnectionHandler.lingerTime
      self.lingering = channel.eventLoop.assumeIsolated().scheduleTask(in: time) { channel.close(promise: nil) }
    }
    resumeReading()
  }
}
