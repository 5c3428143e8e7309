import ContainerNetwork
import Diagnostics
import LinuxKernel
import LinuxNetwork
import Logging
import NIOCore
import NIOPosix
import NetworkAddresses
import Synchronization

/// Leads what comes in at a port of this machine to a container's, where the kernel cannot: from IPv6 to a container that
/// has only IPv4, and from ::1. The container sees its network's gateway as the client.
///
/// It lives in the server, and ends with it; all other published ports do not.
final class PortRelay: Sendable {
  private struct Open {
    var hasEnded = false
    var channels: [ObjectIdentifier: any Channel] = [:]
  }

  private let open = Mutex(Open())
  private let target: SocketAddress
  private let port: PublishedPort

  /// Relays from here on.
  ///
  /// - Parameter socket: Bound to the port; it becomes the relay's own.
  ///
  /// Throws: `unsupported` for a protocol that cannot be relayed.
  init(_ socket: consuming Descriptor, _ port: PublishedPort, on loops: any EventLoopGroup, _ logger: Logger) throws {
    self.port = port
    target = try SocketAddress(ipAddress: "\(port.containerAddress)", port: Int(port.containerPort))
    let opened: EventLoopFuture<any Channel>
    switch port.transport {
    case .tcp:
      try PortReservation.prepareToListen(socket)
      opened = listen(socket.take(), on: loops)
    case .udp: opened = receive(socket.take(), on: loops)
    case .sctp:
      throw ClassifiedError(.invalid, "sctp cannot be relayed", object: "\(port.hostAddress)")
    }
    opened.whenSuccess { [self] in keep($0) }
    opened.whenFailure { error in
      logger.error("port \(port.hostPort) of \(port.hostAddress) is not relayed: \(explanation(of: error))")
    }
  }

  /// Whether a protocol can be relayed.
  static func isAble(_ transport: TransportProtocol) -> Bool { transport != .sctp }

  /// Ends it, and all connections through it. Afterwards the port is free. Blocking; not for an event loop.
  func end() {
    let channels = open.withLock { open in
      open.hasEnded = true
      return Array(open.channels.values)
    }
    // The one that fails was closed already.
    for channel in channels { try? channel.close().wait() }
  }

  private func keep(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    let hasEnded = open.withLock { open in
      open.channels[id] = channel
      return open.hasEnded
    }
    channel.closeFuture.whenComplete { [weak self] _ in self?.open.withLock { $0.channels[id] = nil } }
    if hasEnded { channel.close(promise: nil) }
  }

  // MARK: TCP

  private func listen(_ socket: CInt, on loops: any EventLoopGroup) -> EventLoopFuture<any Channel> {
    ServerBootstrap(group: loops)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { [self] client in
        keep(client)
        return connect(client)
      }
      .withBoundSocket(socket)
  }

  /// Connects to the container. Until that is done nothing is read from the client.
  private func connect(_ client: any Channel) -> EventLoopFuture<Void> {
    ClientBootstrap(group: client.eventLoop)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(to: target)
      .flatMapThrowing { [self] container in
        keep(container)
        let (one, other) = StreamRelay.pair()
        try client.pipeline.syncOperations.addHandler(one)
        try container.pipeline.syncOperations.addHandler(other)
      }
  }

  // MARK: UDP

  private func receive(_ socket: CInt, on loops: any EventLoopGroup) -> EventLoopFuture<any Channel> {
    DatagramBootstrap(group: loops)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: DatagramRelay.longest))
      .channelInitializer { [target] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(DatagramRelay(to: target))
        }
      }
      .withBoundSocket(socket)
  }
}
