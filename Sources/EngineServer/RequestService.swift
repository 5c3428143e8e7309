import Diagnostics
import Engine
import EngineAPI
import Logging
import NIOCore
import NIOHTTP1

/// Serves the requests of one listener: routes them, carries out what the route answers, and logs errors, once.
struct RequestService: ConnectionService {
  /// Who can reach the listener.
  enum Exposure: Sendable {
    case socket
    case loopback
    case network
  }

  let table: RouteTable
  /// Named in every answer.
  let product: String
  let exposure: Exposure
  let executor: LoopExecutor
  let logger: Logger

  func plan(_ head: HTTPRequestHead) -> RequestPlan {
    let refusal: ClassifiedError? =
      switch exposure {
      case .socket: nil
      case .loopback: BrowserGuard.refusal(ofLoopback: head.headers)
      case .network: BrowserGuard.refusal(of: head.headers)
      }
    return refusal.map(RequestPlan.refuse) ?? RequestPlan(head, table: table)
  }

  func executor(for plan: RequestPlan) -> (any TaskExecutor)? {
    plan.computes ? nil : executor
  }

  func head(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) -> HTTPResponseHead {
    var all: HTTPHeaders = [
      "Api-Version": APIVersion.maximum.description, "Docker-Experimental": "false", "Ostype": "linux",
      "Server": product,
    ]
    all.add(contentsOf: headers)
    return HTTPResponseHead(version: .http1_1, status: status, headers: all)
  }

  func serve(_ exchange: Exchange, _ plan: RequestPlan) async {
    do {
      switch plan {
      case .refuse(let error): throw error
      case .route(let route, let parameters, let version, let query):
        let request = Request(
          method: exchange.head.method, version: version, query: query, headers: exchange.head.headers,
          parameters: parameters, body: RequestBody { try await exchange.readBody() })
        try await carryOut(try await route.handle(request), exchange)
      }
    } catch {
      report(error, exchange)
      answer(ErrorReply(error), exchange, line: nil)
    }
  }

  private func carryOut(_ response: Response, _ exchange: Exchange) async throws {
    let headers = HTTPHeaders(response.headers)
    switch response.content {
    case .none: exchange.answer(framed(response.status, headers, length: 0), nil)
    case .bytes(let bytes):
      let body = exchange.head.method == .HEAD ? nil : bytes
      exchange.answer(framed(response.status, headers, length: bytes.readableBytes), body)
    case .stream(let stream): await carryOut(stream, head: streamed(response.status, headers, exchange), exchange)
    case .takeover(let takeover):
      let connection = try await exchange.takeOver(upgraded(response.status, headers, exchange))
      await takeover(connection)
      connection.close()
    }
  }

  private func carryOut(_ stream: StreamedBody, head: HTTPResponseHead, _ exchange: Exchange) async {
    if stream.startsAtOnce { exchange.begin(head) }
    do {
      try await stream.produce(BodyStream { try await exchange.write($0, head: head) })
      exchange.finish(head: head)
    } catch {
      report(error, exchange)
      if stream.hasErrorsInBody { exchange.begin(head) }
      answer(ErrorReply(error), exchange, line: stream.lastWords?(error))
    }
  }

  // MARK: Heads

  private func framed(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, length: Int) -> HTTPResponseHead {
    var head = head(status, headers)
    if status.mayHaveResponseBody { head.headers.replaceOrAdd(name: "Content-Length", value: String(length)) }
    return head
  }

  /// Chunks; for HTTP/1.0, which has none, the end of the connection is the end of the body.
  private func streamed(
    _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ exchange: Exchange
  ) -> HTTPResponseHead {
    var head = head(status, headers)
    if exchange.head.version == .http1_1 { head.headers.add(name: "Transfer-Encoding", value: "chunked") }
    return head
  }

  private func upgraded(
    _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ exchange: Exchange
  ) -> HTTPResponseHead {
    guard let asked = exchange.head.headers.first(name: "upgrade") else { return head(status, headers) }
    var head = head(.custom(code: 101, reasonPhrase: "UPGRADED"), headers)
    head.headers.add(name: "Connection", value: "Upgrade")
    head.headers.add(name: "Upgrade", value: asked)
    return head
  }

  // MARK: Errors

  private func answer(_ reply: ErrorReply, _ exchange: Exchange, line: ByteBuffer?) {
    let hasBody = reply.hasBody && exchange.head.method != .HEAD
    exchange.answer(head(reply.status, reply.headers), hasBody ? reply.body : nil, elseEndWith: line)
  }

  private func report(_ error: any Error, _ exchange: Exchange) {
    let level: Logger.Level =
      switch errorKind(of: error) {
      case .system where error is CancellationError: .debug
      case .system, .dataLoss: .error
      default: .debug
      }
    logger.log(level: level, "\(exchange.head.method) \(exchange.head.uri): \(explanation(of: error))")
  }
}
