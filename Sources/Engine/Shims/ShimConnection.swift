import Diagnostics
import LinuxKernel
import NIOCore
import ShimProtocol
import Synchronization

/// How a shim's container ended, as its control connection told it.
enum ShimEnd: Sendable, Equatable {
  case exited(ExitRecord)
  /// The connection broke without an exit: the shim has died.
  case lost
}

/// A control connection to a shim: requests with an answer each, in their order, and the end of the container.
final class ShimConnection: Sendable {
  private struct Contents {
    var channel: (any Channel)?
    var waiting: [CheckedContinuation<ShimEvent, any Error>] = []
    var hasEnded = false
    var isClosed = false
  }

  private let contents = Mutex(Contents())
  private let onEnd: @Sendable (ShimEnd) -> Void

  /// How long a shim may take to answer before it counts as lost. Making a container is the longest.
  private static let patience = TimeAmount.seconds(60)

  private init(onEnd: @Sendable @escaping (ShimEnd) -> Void) {
    self.onEnd = onEnd
  }

  /// Takes over the server's end of the socket pair that a shim was spawned with. `onEnd` is called once, from the
  /// event loop.
  static func adopt(
    _ descriptor: consuming LinuxKernel.Descriptor, on group: any EventLoopGroup,
    onEnd: @Sendable @escaping (ShimEnd) -> Void
  ) -> EventLoopFuture<ShimConnection> {
    let connection = ShimConnection(onEnd: onEnd)
    return ShimSocket.adopt(descriptor, on: group) { connection.receive($0) }.map { channel in
      connection.use(channel)
      return connection
    }
  }

  /// Connects to the socket of a shim that another server has started, and asks how its container is.
  ///
  /// Throws: `unavailable` when there is no shim any more.
  static func connect(
    _ path: String, on group: any EventLoopGroup, onEnd: @Sendable @escaping (ShimEnd) -> Void
  ) async throws -> (connection: ShimConnection, status: ShimStatus) {
    let connection = ShimConnection(onEnd: onEnd)
    let channel = try await ShimSocket.connect(path, on: group, automaticRead: true) { connection.receive($0) }
    connection.use(channel)
    guard case .status(let status) = try await connection.request(.control) else { throw unexpectedAnswer }
    return (connection, status)
  }

  private func use(_ channel: any Channel) {
    contents.withLock { $0.channel = channel }
  }

  // MARK: Requests

  /// Has the shim make the container, up to where only `start` is missing.
  ///
  /// Throws: `ShimFailure` with the runtime's sentence; `unavailable` when the shim is gone.
  func launch(_ launch: ShimLaunch) async throws -> (pid: Int32, steps: [StepTrace.Step]) {
    guard case .created(let pid, let steps) = try await request(.launch(launch)) else { throw unexpectedAnswer }
    return (pid, steps)
  }

  /// Lets init execute the program. Throws: as `launch`.
  func start() async throws {
    guard case .started = try await request(.start) else { throw unexpectedAnswer }
  }

  /// Throws: `ShimFailure` when the kernel refused.
  func signal(_ number: Int32, wholeContainer: Bool = false) async throws {
    try await done(.signal(number: UInt8(clamping: number), wholeContainer: wholeContainer))
  }

  /// Resizes the terminal of the container, or of an exec.
  func resize(exec: String?, rows: UInt16, columns: UInt16) async throws {
    try await done(.resize(exec: exec, rows: rows, columns: columns))
  }

  /// Tells the shim that the exit has been recorded, so that it may end.
  func acknowledge() {
    // A connection that is gone has nobody to tell.
    try? contents.withLock { $0.channel }?.send(.acknowledge)
  }

  func close() {
    contents.withLock { $0.channel }?.close(promise: nil)
  }

  private func done(_ request: ShimRequest) async throws {
    guard case .done = try await self.request(request) else { throw unexpectedAnswer }
  }

  private func request(_ request: ShimRequest) async throws -> ShimEvent {
    let frame = ByteBuffer(bytes: try request.frame())
    return try await withCheckedThrowingContinuation { continuation in
      let channel: (any Channel)? = contents.withLock { contents in
        guard !contents.isClosed, let channel = contents.channel else { return nil }
        contents.waiting.append(continuation)
        // Within the lock, so that requests leave in the order in which their answers are expected.
        channel.writeAndFlush(frame, promise: nil)
        return channel
      }
      guard let channel else { return continuation.resume(throwing: shimIsGone) }
      closeUnlessAnswered(channel)
    }
  }

  /// A shim that is stopped or stuck must not hold its container's loop for ever.
  private func closeUnlessAnswered(_ channel: any Channel) {
    let patience = channel.eventLoop.scheduleTask(in: Self.patience) { [weak self] in
      if self?.contents.withLock({ $0.waiting.isEmpty }) == false { channel.close(promise: nil) }
    }
    deadlines.withLock { $0.append(patience) }
  }

  private let deadlines = Mutex<[Scheduled<Void>]>([])

  // MARK: Answers

  private func receive(_ signal: ShimFrameHandler.Signal) {
    switch signal {
    case .message(.exited(let record)):
      end(.exited(record))
    case .message(.failed(let failure)):
      nextWaiting()?.resume(throwing: failure)
    case .message(let answer):
      nextWaiting()?.resume(returning: answer)
    case .batchEnd: break
    case .closed:
      let waiting = contents.withLock { contents in
        contents.isClosed = true
        defer { contents.waiting = [] }
        return contents.waiting
      }
      for continuation in waiting { continuation.resume(throwing: shimIsGone) }
      end(.lost)
    }
  }

  private func nextWaiting() -> CheckedContinuation<ShimEvent, any Error>? {
    deadlines.withLock { deadlines in
      if !deadlines.isEmpty { deadlines.removeFirst().cancel() }
    }
    return contents.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
  }

  private func end(_ end: ShimEnd) {
    let isFirst = contents.withLock { contents in
      defer { contents.hasEnded = true }
      return !contents.hasEnded
    }
    if isFirst { onEnd(end) }
  }
}

private let shimIsGone = ClassifiedError(.unavailable, "the container's shim is gone")
private let unexpectedAnswer = ClassifiedError(.system, "the shim gave an answer to another question")
