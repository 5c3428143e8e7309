import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What a client asked of a server in a test.
struct SeenRequest: Sendable {
  let method: HTTPMethod
  /// Path and query.
  let target: String
  let headers: HTTPHeaders
  let body: String

  var path: String { String(target.prefix { $0 != "?" }) }
  var authorization: String? { headers.first(name: "authorization") }
}

/// What a server in a test answers, and how it misbehaves.
struct ScriptedResponse: Sendable {
  enum Ending: Sendable {
    case regular
    /// Closes the connection after so many bytes of the body.
    case closed(after: Int)
    /// Goes silent after so many bytes of the body.
    case silent(after: Int)
  }

  var status = HTTPResponseStatus.ok
  var headers = HTTPHeaders()
  var body: [UInt8] = []
  var ending = Ending.regular
  /// Without, the body comes in chunks of unknown number.
  var hasLength = true
}

/// An HTTP server on a free loopback port that answers as it is told.
final class LoopbackServer: Sendable {
  typealias Script = @Sendable (SeenRequest) -> ScriptedResponse

  let channel: any Channel
  let port: Int

  init(tls: NIOSSLContext? = nil, script: @escaping Script) async throws {
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(ScriptHandler(script: script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func stop() async throws {
    try await channel.close()
  }
}

private final class ScriptHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let script: LoopbackServer.Script
  private var head: HTTPRequestHead?
  private var body = ""

  init(script: @escaping LoopbackServer.Script) {
    self.script = script
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = ""
    case .body(let bytes): body += String(buffer: bytes)
    case .end:
      guard let head else { return }
      answer(
        script(SeenRequest(method: head.method, target: head.uri, headers: head.headers, body: body)), to: head, context
      )
    }
  }

  private func answer(_ response: ScriptedResponse, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var headers = response.headers
    if response.hasLength, !headers.contains(name: "content-length") {
      headers.add(name: "content-length", value: String(response.body.count))
    }
    let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let sent =
      switch response.ending {
      case .regular: response.body[...]
      case .closed(let count), .silent(let count): response.body.prefix(count)
      }
    if request.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: sent)))), promise: nil)
    }
    switch response.ending {
    case .regular: context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    case .silent: context.flush()
    case .closed:
      context.flush()
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// A proxy on loopback that knows where the hosts of a test really are.
final class LoopbackProxy: Sendable {
  let channel: any Channel
  let port: Int

  /// - Parameter refusal: an answer for every request instead of a tunnel.
  init(ports: [String: Int], refusal: String? = nil) async throws {
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ConnectHandler(ports: ports, refusal: refusal))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func stop() async throws {
    try await channel.close()
  }
}

/// Reads `CONNECT host:port`, connects, and passes bytes both ways.
private final class ConnectHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let ports: [String: Int]
  private let refusal: String?
  private var request = ""
  private var peer: (any Channel)?

  init(ports: [String: Int], refusal: String?) {
    self.ports = ports
    self.refusal = refusal
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    if let peer {
      peer.writeAndFlush(bytes, promise: nil)
      return
    }
    request += String(buffer: bytes)
    guard request.hasSuffix("\r\n\r\n") else { return }
    let words = request.split(separator: " ")
    let host = words.count > 1 ? String(words[1].prefix { $0 != ":" }) : ""
    guard refusal == nil, words.first == "CONNECT", let port = ports[host] else {
      let answer = refusal ?? "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
      context.close(promise: nil)
      return
    }
    let client = context.channel
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    ClientBootstrap(group: context.eventLoop)
      .channelInitializer { $0.pipeline.addHandler(PassingHandler(to: client)) }
      .connect(host: "127.0.0.1", port: port)
      .whenSuccess { peer in
        bound.value.peer = peer
        client.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"), promise: nil)
      }
  }

  func channelInactive(context: ChannelHandlerContext) {
    peer?.close(promise: nil)
  }
}

private final class PassingHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  private let target: any Channel

  init(to target: any Channel) {
    self.target = target
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    target.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    target.close(promise: nil)
  }
}
