public import LinuxKernel
import NIOCore
import NIOPosix
import Synchronization

/// Answers containers' questions about names: each other's from a directory, the world's by asking those who know.
///
/// A container asks 127.0.0.11, where sockets lie that are open in its network namespace; somebody who outlives this
/// process holds them, so that questions wait for an answer while it is started again. All answers come from one thread of
/// the service's own, which begins with the first container.
public final class NameService: Sendable {
  private struct Running {
    let group: MultiThreadedEventLoopGroup
    let loop: NIOLoopBoundBox<NameServiceLoop>
  }

  private let names = SharedNames()
  private let machineResolvers: String
  private let running = Mutex<Running?>(nil)

  /// - Parameter machineResolvers: The file that names the resolvers of this machine. resolv.conf(5).
  public init(machineResolvers: String = "/etc/resolv.conf") {
    self.machineResolvers = machineResolvers
  }

  // MARK: Who is called what

  /// Changes what containers are called; the next question is answered accordingly.
  public func changeNames<Result>(_ body: (inout NameDirectory) -> Result) -> Result {
    names.directory.withLock { body(&$0) }
  }

  // MARK: Resolvers

  /// Begins to answer a container on sockets of its network namespace, until `end`. Blocking, for microseconds.
  ///
  /// - Parameters:
  ///   - datagrams: A bound UDP socket.
  ///   - connections: A TCP socket that listens.
  ///
  /// Throws: when the sockets are none such.
  public func serve(
    _ container: String, _ scope: ResolverScope, datagrams: consuming Descriptor, connections: consuming Descriptor
  ) throws {
    let (first, second) = (datagrams.take(), connections.take())
    let loop = start()
    try loop.eventLoop.flatSubmit {
      loop.value.serve(container, scope, datagrams: first, connections: second)
    }.wait()
  }

  /// Changes what a container may know; one that is not served is no matter.
  public func change(_ scope: ResolverScope, of container: String) {
    guard let loop = running.withLock({ $0?.loop }) else { return }
    loop.eventLoop.execute { loop.value.change(scope, of: container) }
  }

  /// Stops answering a container.
  public func end(_ container: String) {
    guard let loop = running.withLock({ $0?.loop }) else { return }
    loop.eventLoop.execute { loop.value.end(container) }
  }

  /// Ends the thread. Who asks from now on waits for the next service on the same sockets.
  public func shutdown() async throws {
    let group = running.withLock { running in
      defer { running = nil }
      return running?.group
    }
    try await group?.shutdownGracefully()
  }

  private func start() -> NIOLoopBoundBox<NameServiceLoop> {
    running.withLock { running in
      if let running { return running.loop }
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      let loop = group.next()
      let state = NIOLoopBoundBox.makeBoxSendingValue(
        NameServiceLoop(on: loop, names, machineResolvers: machineResolvers), eventLoop: loop)
      running = Running(group: group, loop: state)
      return state
    }
  }
}
