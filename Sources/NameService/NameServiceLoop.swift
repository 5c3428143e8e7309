import DNSFormat
import Diagnostics
import LinuxKernel
import NIOCore
import NIOPosix
import NetworkAddresses
import Synchronization

/// What the name service has on its event loop, to which it belongs.
final class NameServiceLoop {
  let loop: any EventLoop
  private let names: SharedNames
  private let forwarder: Forwarder
  private let machineResolvers: MachineResolvers
  private var resolvers: [String: Resolver] = [:]

  init(on loop: any EventLoop, _ names: SharedNames, machineResolvers: String) {
    (self.loop, self.names) = (loop, names)
    forwarder = Forwarder(on: loop)
    self.machineResolvers = MachineResolvers(path: machineResolvers)
  }

  /// What becomes of a question.
  func resolve(_ query: DNSQuery, _ scope: ResolverScope, turn: Int, limit: Int?) -> Resolution {
    names.directory.withLock { Resolution(query, scope, $0, turn: turn, limit: limit) }
  }

  /// Passes a question on. Nil: there is nobody to ask.
  func forward(
    _ message: [UInt8], _ query: DNSQuery, for resolver: Resolver, over transport: Forwarder.Transport
  ) -> Inquiry? {
    switch resolver.scope.upstream {
    case .machine:
      let servers = machineResolvers.current(now: monotonicNanoseconds())
      return forwarder.forward(message, query, to: servers, over: transport)
    case .servers(let servers):
      guard let network = resolver.network else { return nil }
      return forwarder.forward(message, query, to: servers, from: network, over: transport)
    case .nobody: return nil
    }
  }

  // MARK: Resolvers

  /// Begins to answer on two sockets. They are closed with the resolver, or when this fails.
  func serve(_ id: String, _ scope: ResolverScope, datagrams: CInt, connections: CInt) -> EventLoopFuture<Void> {
    resolvers.removeValue(forKey: id)?.end()
    let network: SharedDescriptor?
    do throws(SystemError) {
      network = try scope.upstream.isOwn ? SharedDescriptor(Namespace.open(networkOfSocket: datagrams)) : nil
    } catch {
      for socket in [datagrams, connections] { _ = Descriptor(owning: socket) }
      return loop.makeFailedFuture(error)
    }
    let resolver = Resolver(scope, network, self)
    resolvers[id] = resolver
    let bound = NIOLoopBound(resolver, eventLoop: loop)
    let datagramChannel = DatagramBootstrap(group: loop).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(DatagramQuestions(bound.value))
      }
    }.withBoundSocket(datagrams)
    let connectionChannel = ServerBootstrap(group: loop)
      .childChannelOption(.maxMessagesPerRead, value: 4)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(StreamQuestions(bound.value))
        }
      }.withBoundSocket(connections)
    return datagramChannel.and(connectionChannel).map { channels in
      bound.value.keep(channels.0)
      bound.value.keep(channels.1)
    }
  }

  func change(_ scope: ResolverScope, of id: String) {
    resolvers[id]?.scope = scope
  }

  func end(_ id: String) {
    resolvers.removeValue(forKey: id)?.end()
  }
}

extension ResolverScope.Upstream {
  /// Whether it is asked from the container's own network.
  fileprivate var isOwn: Bool { if case .servers = self { true } else { false } }
}

/// The directory, which the event loop reads and others write.
final class SharedNames: Sendable {
  let directory = Mutex(NameDirectory())
}
