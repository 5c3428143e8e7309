import Diagnostics
import LinuxKernel
import NIOCore
import NIOPosix
import Synchronization

/// Wakes those who follow a log when something has changed in its directory. One inotify instance serves them all, for
/// a user may have few of these (inotify(7)); it costs nothing while nothing happens.
final class LogWatcher: Sendable {
  /// A log that grows, comes, is rotated or goes.
  private static let events: Inotify.Events = [
    .modified, .created, .movedFrom, .movedTo, .deleted, .selfDeleted, .selfMoved,
  ]

  private struct Followers {
    /// Below the kernel's number of the watch; several followers of one directory share that.
    var byWatch: [Int32: [Int: AsyncStream<Void>.Continuation]] = [:]
    var nextNumber = 0
  }

  private let inotify: Inotify
  private let followers = Mutex(Followers())
  private let channel = Mutex<(any Channel)?>(nil)

  /// Begins to listen to the kernel, on one of the loops.
  init(on loops: any EventLoopGroup) async throws {
    inotify = try Inotify()
    let source = try inotify.descriptor.duplicate()
    let opened = try await NIOPipeBootstrap(group: loops)
      // A read must have room for the longest event, or the kernel refuses it.
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 << 10))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(LogChangeHandler { [weak self] in self?.wake($0) })
        }
      }
      .takingOwnershipOfDescriptor(input: source.take()).get()
    channel.withLock { $0 = opened }
  }

  /// Yields after each change in `directory`, from this call on: several changes may be told as one. `wake` makes it
  /// yield for another reason.
  ///
  /// Throws: `SystemError`, ENOENT when there is no such directory.
  func changes(of directory: String) throws -> (changes: AsyncStream<Void>, wake: @Sendable () -> Void) {
    let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let (watch, number) = try followers.withLock { followers in
      let watch = try inotify.watch(directory, Self.events)
      followers.nextNumber += 1
      followers.byWatch[watch, default: [:]][followers.nextNumber] = continuation
      return (watch, followers.nextNumber)
    }
    continuation.onTermination = { [weak self] _ in self?.leave(watch, number) }
    return (changes, { continuation.yield() })
  }

  /// How many directories are watched.
  var watchCount: Int { followers.withLock { $0.byWatch.count } }

  /// Ends for good. Who still follows is not woken any more.
  func close() async throws {
    try await channel.withLock { $0.take() }?.close()
  }

  private func leave(_ watch: Int32, _ number: Int) {
    followers.withLock { followers in
      followers.byWatch[watch]?[number] = nil
      guard followers.byWatch[watch]?.isEmpty == true else { return }
      followers.byWatch[watch] = nil
      // The kernel has ended the watch itself if the directory has gone.
      try? inotify.unwatch(watch)
    }
  }

  private func wake(_ changes: [Inotify.Change]) {
    let woken = followers.withLock { followers in
      // After an overflow nobody knows whose changes are missing.
      let watches =
        changes.contains { $0.events.contains(.overflow) } ? Set(followers.byWatch.keys) : Set(changes.map(\.watch))
      return watches.flatMap { followers.byWatch[$0].map { Array($0.values) } ?? [] }
    }
    for follower in woken { follower.yield() }
  }
}

/// Takes the kernel's events off the loop.
private final class LogChangeHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let receive: @Sendable ([Inotify.Change]) -> Void

  init(receive: @Sendable @escaping ([Inotify.Change]) -> Void) {
    self.receive = receive
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receive(Inotify.changes(in: Array(unwrapInboundIn(data).readableBytesView)))
  }
}
