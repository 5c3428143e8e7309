import Diagnostics
import Engine
import LinuxKernel
public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The Docker Engine API on sockets.
public final class EngineServer: Sendable {
  private let table: RouteTable
  private let product: String
  private let group: any EventLoopGroup
  private let executor: LoopExecutor
  private let logger: Logger
  private let channels = Mutex<Open>(Open())

  private struct Open {
    var listeners: [any Channel] = []
    var connections: [ObjectIdentifier: any Channel] = [:]
    var socketFiles: [UnixSocketFile] = []
  }

  /// The longest head of a request, in bytes: credentials travel in it.
  private static let headLimit = 256 << 10
  private let headTimeout: TimeAmount

  /// `product` is what the `Server` header says, such as `Apus/0.1.0 (linux)`; `headTimeout` is how long a client may
  /// take for one request's head.
  public init(
    backends: Backends, product: String, group: any EventLoopGroup, logger: Logger,
    headTimeout: TimeAmount = .seconds(10)
  ) {
    self.headTimeout = headTimeout
    self.table = RouteTable(allRoutes(backends))
    self.product = product
    self.group = group
    executor = LoopExecutor(group.next())
    self.logger = logger
  }

  /// Starts listening; returns when clients can connect, with the address (a port 0 has become a real one).
  ///
  /// `socketGroup` is the id of the group whose members may use a unix socket; nil leaves it to root's.
  /// Throws: kind `conflict` when the address is taken.
  @discardableResult
  public func listen(on address: ListenAddress, socketGroup: UInt32? = nil) async throws -> ListenAddress {
    let bootstrap = bootstrap(for: address)
    switch address {
    case .unix(let path):
      let file = UnixSocketFile(path: path)
      let socket = try file.listen(groupID: socketGroup)
      let channel = try await bootstrap.withBoundSocket(socket.take()).get()
      channels.withLock {
        $0.listeners.append(channel)
        $0.socketFiles.append(file)
      }
      return address
    case .tcp(let host, let port):
      let channel: any Channel
      do {
        channel = try await bootstrap.bind(host: host, port: port).get()
      } catch {
        throw ClassifiedError(.conflict, "cannot listen: \(error)", object: address.description)
      }
      channels.withLock { $0.listeners.append(channel) }
      return .tcp(host: host, port: channel.localAddress?.port ?? port)
    }
  }

  private func bootstrap(for address: ListenAddress) -> ServerBootstrap {
    let isTCP = if case .tcp = address { true } else { false }
    let service = RequestService(
      table: table, product: product, exposure: isTCP ? (address.isLocal ? .loopback : .network) : .socket,
      executor: executor, logger: logger)
    return ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: isTCP ? 1 : 0)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          self.remember(channel)
          try self.configure(channel.pipeline.syncOperations, service: service)
        }
      }
  }

  private func configure(
    _ pipeline: ChannelPipeline.SynchronousOperations, service: RequestService
  ) throws {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = EngineServer.headLimit
    limits.maxHeaderListSize = EngineServer.headLimit
    let decoder = HTTPRequestDecoder(
      leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .drop, limitConfiguration: limits)
    var framing = HTTPResponseEncoder.Configuration()
    framing.automaticallySetFramingHeaders = false
    let gate = InputGate(headTimeout: headTimeout)
    try pipeline.addHandler(gate)
    try pipeline.addHandler(HTTPResponseEncoder(configuration: framing))
    try pipeline.addHandler(ByteToMessageHandler(decoder))
    try pipeline.addHandler(ConnectionHandler(service: service, gate: gate))
  }

  private func remember(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    channels.withLock { $0.connections[id] = channel }
    channel.closeFuture.whenComplete { [weak self] _ in
      self?.channels.withLock { _ = $0.connections.removeValue(forKey: id) }
    }
  }

  /// Stops listening, removes the socket files, and closes all connections, which cancels what their clients wait
  /// for. Containers are not concerned.
  public func shutDown() async {
    let open = channels.withLock { open in
      defer { open = Open() }
      return open
    }
    // First the files, so that a client that comes now starts a new server in place of meeting this one.
    for file in open.socketFiles {
      do { try file.remove() } catch { logger.warning("shutting down: \(error)") }
    }
    for channel in open.listeners + open.connections.values {
      // Closed already is what we want.
      try? await channel.close()
    }
  }
}
