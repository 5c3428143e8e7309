import Diagnostics
import Engine
import EngineServer
import LinuxKernel
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The server's life: start, serve until asked to stop, stop. It runs beside the main thread, which waits for
/// signals and, through `ended`, for its end.
final class Daemon: Sendable {
  private let settings: ServerSettings
  private let socketGroup: UInt32?
  private let supervisor: String?
  private let logger: Logger
  private let stopRequests: AsyncStream<Void>
  private let stopRequest: AsyncStream<Void>.Continuation
  private let failure = Mutex<(any Error)?>(nil)
  /// Readable when the daemon has ended.
  let ended: EventSource

  /// `supervisor` is the socket of who wants to know when the server is ready.
  ///
  /// Throws: kind `invalid` when the socket's group does not exist.
  init(_ settings: ServerSettings, supervisor: String?, logger: Logger) throws {
    self.settings = settings
    self.supervisor = supervisor
    self.logger = logger
    socketGroup = try settings.group.map { name in
      guard let id = try HostGroups.id(of: name) else {
        throw ClassifiedError(.invalid, "no such group", object: name, advice: "make it, or leave out --group")
      }
      return id
    }
    (stopRequests, stopRequest) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    ended = try EventSource()
  }

  /// Begins; to be called once.
  func begin() {
    Task {
      do {
        try await run()
      } catch {
        failure.withLock { $0 = error }
      }
      do {
        try ended.signal()
      } catch {
        // The main thread would wait for ever.
        logger.critical("cannot tell the main thread: \(error)")
      }
    }
  }

  func requestStop() { stopRequest.yield() }

  /// Why it ended, when that was not asked for.
  var error: (any Error)? { failure.withLock { $0 } }

  private func run() async throws {
    // One loop serves hundreds of clients; the work is done elsewhere.
    let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let engine = try await Engine(configuration(loops))
    try await engine.start()
    let server = EngineServer(
      backends: Backends(engine), product: "Apus/\(Engine.version) (linux)", group: loops, logger: logger)
    do {
      for address in settings.addresses { try await listen(server, address) }
      tell(.ready)
      logger.info("apusd \(Engine.version) is ready")
      ProcessMemory.release()
      for await _ in stopRequests { break }
    } catch {
      await end(server, engine, loops)
      throw error
    }
    logger.info("stopping; containers run on")
    tell(.stopping)
    await end(server, engine, loops)
  }

  private func listen(_ server: EngineServer, _ address: ListenAddress) async throws {
    let bound = try await server.listen(on: address, socketGroup: socketGroup)
    logger.info("listening on \(bound)")
    if !address.isLocal {
      logger.warning("\(bound) is open to the network without TLS: WHOEVER REACHES IT IS ROOT ON THIS MACHINE")
    }
  }

  private func end(_ server: EngineServer, _ engine: Engine, _ loops: MultiThreadedEventLoopGroup) async {
    await server.shutDown()
    await engine.shutdown()
    do {
      try await loops.shutdownGracefully()
    } catch {
      logger.error("stopping: \(error)")
    }
  }

  private func configuration(_ loops: any EventLoopGroup) throws -> EngineConfiguration {
    let program = try HostFiles.readLink("/proc/self/exe")
    var configuration = EngineConfiguration(
      dataRoot: settings.dataRoot, execRoot: settings.execRoot, programDirectory: program.parentDirectory,
      registry: settings.registry, eventLoops: loops, logger: logger)
    configuration.cgroupParent = settings.cgroupParent
    configuration.registryMirrors = settings.registryMirrors
    configuration.insecureRegistries = settings.insecureRegistries
    configuration.networking = settings.networking
    configuration.isDebug = settings.verbosity.isDebug
    return configuration
  }

  private func tell(_ notification: ServiceNotification) {
    guard let supervisor else { return }
    do {
      try notification.send(to: supervisor)
    } catch {
      logger.warning("cannot tell the supervisor: \(error)")
    }
  }
}

extension String {
  /// `/usr/bin` of `/usr/bin/apusd`.
  fileprivate var parentDirectory: String {
    guard let slash = lastIndex(of: "/"), slash != startIndex else { return "/" }
    return String(self[..<slash])
  }
}
