import ContainerNetwork
import Diagnostics
import LinuxKernel
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Hears from the kernel when another program takes away what the containers' networks are made of, and has it repaired.
/// It costs nothing while nothing happens, and of our own changes hardly more than reading that they were ours.
final class NetworkWatch: Sendable {
  /// A reason to look after the networks. Each has a pace of its own: a container that cuts its own cable, again and
  /// again, does not keep rules from coming back.
  enum Alarm: Hashable, Sendable {
    /// Something of our tables was taken away.
    case rules
    case bridges
    case cables
    /// One of the machine's own links, by which containers in its network send, is new, or lost a filter.
    case sockets
    /// dockerd's chains changed.
    case dockerd
    /// News were lost: nobody knows what happened.
    case unknown
  }

  /// Whom the watch serves.
  struct Duty: Sendable {
    /// Nil where there is none to be looked after.
    var firewall: Firewall?
    /// Whether news may be about a link of ours, and of which kind. Called on the event loop: it must not block.
    var concern: @Sendable (LinkNews) -> Alarm?
    /// Looks and repairs, on the thread of changes; `program` did it, if anyone knows. Returns whether there was damage.
    var repair: @Sendable (_ alarm: Alarm, _ program: String?) -> Bool
  }

  private struct State {
    var duty: Duty?
    var hasEnded = false
    var channels: [NewsSource: any Channel] = [:]
    /// Those that have been heard and not acted on.
    var alarms: Set<Alarm> = []
    var program: String?
    var paces: [Alarm: RepairPace] = [:]
  }

  private let loop: any EventLoop
  private let thread: NIOThreadPool
  private let logger: Logger
  private let state = Mutex(State())

  init(on loop: any EventLoop, _ thread: NIOThreadPool, _ logger: Logger) {
    (self.loop, self.thread, self.logger) = (loop, thread, logger)
  }

  /// Begins to listen, if it does not already.
  func begin(_ duty: Duty) {
    let isNew = state.withLock { state in
      guard state.duty == nil, !state.hasEnded else { return false }
      state.duty = duty
      return true
    }
    guard isNew else { return }
    for source in NewsSource.allCases where source != .firewall || duty.firewall != nil { listen(to: source) }
  }

  /// Ends for good.
  func end() {
    let channels = state.withLock { state in
      state.hasEnded = true
      return Array(state.channels.values)
    }
    for channel in channels { channel.close(promise: nil) }
  }

  // MARK: Hearing

  private func listen(to source: NewsSource) {
    do {
      let opened = NIOPipeBootstrap(group: loop)
        .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: NewsSource.longestDatagram))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NewsHandler { [weak self] in self?.hear($0, from: source) })
          }
        }
        .takingOwnershipOfDescriptor(input: try source.open().take())
      opened.whenSuccess { [self] in keep($0, source) }
      opened.whenFailure { [self] in isDeaf(to: source, $0) }
    } catch {
      isDeaf(to: source, error)
    }
  }

  private func keep(_ channel: any Channel, _ source: NewsSource) {
    let hasEnded = state.withLock { state in
      state.channels[source] = channel
      return state.hasEnded
    }
    if hasEnded { channel.close(promise: nil) }
    // What came before somebody listened.
    if source == .links { raise(.sockets) }
    channel.closeFuture.whenComplete { [self] _ in
      // The kernel had more to tell than there was room for.
      guard !state.withLock({ $0.hasEnded }) else { return }
      loop.scheduleTask(in: .seconds(1)) { [self] in
        listen(to: source)
        raise(.unknown)
      }
    }
  }

  private func isDeaf(to source: NewsSource, _ error: any Error) {
    logger.warning(
      """
      what other programs do to the network of containers is not noticed until the next start of one: \
      \(source): \(explanation(of: error))
      """)
  }

  private func hear(_ datagram: [UInt8], from source: NewsSource) {
    guard let duty = state.withLock({ $0.duty }) else { return }
    do {
      switch source {
      case .links:
        for alarm in Set(try LinkNews.all(in: datagram).compactMap(duty.concern)) { raise(alarm) }
      case .firewall:
        guard let news = try duty.firewall?.news(in: datagram) else { return }
        if let program = news.program { state.withLock { $0.program = program } }
        if news.isDamage { raise(.rules) }
        if news.concernsDockerd { raise(.dockerd) }
      }
    } catch {
      logger.debug("news of the network: \(explanation(of: error))")
      raise(.unknown)
    }
  }

  // MARK: Acting

  private func raise(_ alarm: Alarm) {
    let pause = state.withLock { state -> TimeAmount? in
      guard !state.hasEnded, state.alarms.insert(alarm).inserted else { return nil }
      return state.paces[alarm, default: RepairPace()].heard(at: .now())
    }
    guard let pause else { return }
    loop.scheduleTask(in: pause) { [self] in
      thread.submit { [self] state in
        if state == .active { act(on: alarm) }
      }
    }
  }

  /// On the thread of changes.
  private func act(on alarm: Alarm) {
    let (duty, program) = state.withLock { state in
      state.alarms.remove(alarm)
      return (state.duty, state.program)
    }
    guard let duty, duty.repair(alarm, program) else { return }
    let hasLostPatience = state.withLock { state in
      state.paces[alarm, default: RepairPace()].repaired(at: .now())
    }
    guard hasLostPatience else { return }
    logger.warning(
      """
      another program keeps taking away what the networks of containers are made of: from now on it is put right after a \
      pause, of \(RepairPace.longest.nanoseconds / 1_000_000_000) s at most
      """)
  }
}

/// Takes the kernel's datagrams off the loop.
private final class NewsHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let receive: @Sendable ([UInt8]) -> Void

  init(receive: @Sendable @escaping ([UInt8]) -> Void) {
    self.receive = receive
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receive(Array(unwrapInboundIn(data).readableBytesView))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
