import Diagnostics
import LinuxKernel
import NIOCore
import NIOPosix
import ShimProtocol

/// How connections to shims are made.
enum ShimSocket {
  /// Takes over one end of a socket pair.
  static func adopt(
    _ descriptor: consuming LinuxKernel.Descriptor, on group: any EventLoopGroup,
    receive: @Sendable @escaping (ShimFrameHandler.Signal) -> Void
  ) -> EventLoopFuture<any Channel> {
    bootstrap(group, automaticRead: true, receive).withConnectedSocket(descriptor.take())
  }

  /// Connects to a shim's socket. Without `automaticRead` the receiver must ask for each batch.
  ///
  /// Throws: `unavailable` when nobody listens there.
  static func connect(
    _ path: String, on group: any EventLoopGroup, automaticRead: Bool,
    receive: @Sendable @escaping (ShimFrameHandler.Signal) -> Void
  ) async throws -> any Channel {
    do {
      return try await bootstrap(group, automaticRead: automaticRead, receive)
        .connect(unixDomainSocketPath: path).get()
    } catch {
      throw ClassifiedError(.unavailable, "the shim does not listen: \(error)", object: path)
    }
  }

  private static func bootstrap(
    _ group: any EventLoopGroup, automaticRead: Bool,
    _ receive: @Sendable @escaping (ShimFrameHandler.Signal) -> Void
  ) -> ClientBootstrap {
    ClientBootstrap(group: group)
      .channelOption(.autoRead, value: automaticRead)
      .channelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 65_536)
      )
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ShimFrameHandler(receive: receive))
        }
      }
  }
}

extension Channel {
  /// Sends one message without waiting for it.
  func send(_ request: ShimRequest) throws {
    writeAndFlush(ByteBuffer(bytes: try request.frame()), promise: nil)
  }
}
