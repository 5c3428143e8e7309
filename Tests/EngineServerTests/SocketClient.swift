import EngineServer
import Foundation
import Logging
import NIOCore
import NIOPosix

/// A client without a library between it and the bytes.
final class SocketClient: Sendable {
  private let channel: any Channel
  private let input: AsyncStream<ByteBuffer>

  convenience init(path: String) async throws {
    try await self.init { try await $0.connect(unixDomainSocketPath: path).get() }
  }

  convenience init(port: Int) async throws {
    try await self.init { try await $0.connect(host: "127.0.0.1", port: port).get() }
  }

  private init(_ connect: (ClientBootstrap) async throws -> any Channel) async throws {
    let (input, continuation) = AsyncStream<ByteBuffer>.makeStream()
    self.input = input
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(continuation))
        }
      }
    channel = try await connect(bootstrap)
  }

  func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

  /// Writes without waiting until it is out, as a client that is not read from must.
  func push(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

  func shutOutput() async throws { try await channel.close(mode: .output) }

  func close() async throws { try await channel.close() }

  /// All that comes until `mark` has come, or until the server shuts its side.
  func read(until mark: String? = nil) async -> String {
    var all = ByteBuffer()
    for await buffer in input {
      all.writeImmutableBuffer(buffer)
      if let mark, String(buffer: all).contains(mark) { break }
    }
    return String(buffer: all)
  }

  /// Sends a request that says it is the last one, and takes the whole answer.
  func exchange(_ text: String) async throws -> String {
    try await send(text)
    return await read()
  }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncStream<ByteBuffer>.Continuation

    init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if event as? ChannelEvent == .inputClosed { continuation.finish() }
    }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}

/// Runs a server on a socket of its own for the length of a test.
func withServer(
  _ engine: FakeEngine = FakeEngine(), headTimeout: TimeAmount = .seconds(10),
  _ test: (_ path: String, _ server: EngineServer) async throws -> Void
) async throws {
  let path = "/tmp/apus-door-\(UUID().uuidString.prefix(8)).sock"
  let server = EngineServer(
    backends: Backends(engine), product: "Apus/test (linux)", group: MultiThreadedEventLoopGroup.singleton,
    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, headTimeout: headTimeout)
  try await server.listen(on: .unix(path: path))
  do {
    try await test(path, server)
  } catch {
    await server.shutDown()
    throw error
  }
  await server.shutDown()
}
