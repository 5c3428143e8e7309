import Diagnostics
public import EngineAPI
import LinuxKernel

/// A client of the Docker Engine API. It is synchronous: every call waits for its answer.
///
/// The version of the API is not negotiated: our own server understands ours, so the round trip is saved. A server that
/// finds it too new says so, and then its own version is used from there on.
public final class EngineClient {
  public let address: EngineAddress
  private let starter: ServerStarter?
  private var version: APIVersion
  /// Whether the version is settled: given by the user, or accepted by the server.
  private var isVersionSettled: Bool
  /// A connection that is between requests.
  private var idle: Connection?

  /// `version`: use exactly that version of the API. `starter`: how to start a server when none answers.
  public init(address: EngineAddress, version: APIVersion? = nil, starter: ServerStarter? = nil) {
    self.address = address
    self.version = version ?? .maximum
    isVersionSettled = version != nil
    self.starter = starter
  }

  /// The version of the API that requests carry now.
  public var apiVersion: APIVersion { version }

  // MARK: - Requests

  /// An answer whose body has not been read.
  struct PendingAnswer {
    let head: ResponseHead
    let connection: Connection
  }

  /// Sends a request and reads the head of the answer.
  ///
  /// Throws: `EngineFault.refused` for statuses from 400 on and for 304.
  func begin(
    _ method: String, _ path: String, _ query: Query = Query(), headers: [(name: String, value: String)] = [],
    body: RequestBody = .none, upgrades: Bool = false
  ) throws -> PendingAnswer {
    // A body that is read as it is sent cannot be sent again: then the server is asked first.
    if case .pieces = body, !isVersionSettled { settleVersion(try pingVersion()) }
    var request = Request(
      method: method, target: target(path, query), headers: headers, body: body, upgrades: upgrades)
    var answer = try exchange(request)
    if answer.head.status == 400, !isVersionSettled {
      let refusal = EngineFault.refused(status: 400, message: try readMessage(answer))
      let before = version
      settleVersion(try answer.head["Api-Version"] ?? pingVersion())
      if version == before { throw refusal }
      request.target = target(path, query)
      answer = try exchange(request)
    }
    isVersionSettled = true
    let status = answer.head.status
    if status == 304 || status >= 400 {
      throw EngineFault.refused(status: status, message: try readMessage(answer))
    }
    if upgrades, status != 101 {
      throw EngineFault.malformed("status \(status) where the connection should have been upgraded")
    }
    return answer
  }

  /// The whole body of the answer to a request.
  func call(
    _ method: String, _ path: String, _ query: Query = Query(), headers: [(name: String, value: String)] = [],
    body: RequestBody = .none
  ) throws -> [UInt8] {
    let answer = try begin(method, path, query, headers: headers, body: body)
    let bytes = try answer.connection.receiveWholeBody()
    keep(answer.connection)
    return bytes
  }

  /// The answer to a request, decoded.
  func call<Answer: Decodable>(
    _ method: String, _ path: String, _ query: Query = Query(), body: RequestBody = .none, as type: Answer.Type
  ) throws -> Answer {
    try AnswerDecoder.decode(type, from: try call(method, path, query, body: body))
  }

  static func json(_ value: some Encodable) throws -> RequestBody {
    .bytes(try RequestEncoder.encode(value), contentType: "application/json")
  }

  private func target(_ path: String, _ query: Query) -> String {
    "/v\(version)\(path)\(query.encoded)"
  }

  private func exchange(_ request: Request) throws -> PendingAnswer {
    if let kept = idle {
      idle = nil
      do {
        try kept.send(request)
        return PendingAnswer(head: try kept.receiveHead(), connection: kept)
      } catch EngineFault.disconnected where !kept.hasReceived {
        // The server closed the idle connection before it saw the request: a fresh one decides.
        if case .pieces = request.body { throw EngineFault.disconnected }
      }
    }
    let connection = try connect()
    try connection.send(request)
    return PendingAnswer(head: try connection.receiveHead(), connection: connection)
  }

  private func keep(_ connection: Connection) {
    if connection.isReusable { idle = connection }
  }

  private func readMessage(_ answer: PendingAnswer) throws -> String {
    let body = try answer.connection.receiveWholeBody()
    keep(answer.connection)
    if let response = try? AnswerDecoder.decode(ErrorResponse.self, from: body), !response.message.isEmpty {
      return response.message
    }
    let text = String(decoding: body, as: UTF8.self)
    return text.isEmpty ? answer.head.reason : text
  }

  /// Takes over the server's own version, when it is older than ours.
  private func settleVersion(_ answered: String?) {
    if let known = answered.flatMap({ APIVersion($0) }), known < version { version = known }
    isVersionSettled = true
  }

  private func pingVersion() throws -> String? {
    let answer = try exchange(Request(method: "GET", target: "/_ping"))
    _ = try answer.connection.receiveWholeBody()
    keep(answer.connection)
    return answer.head["Api-Version"]
  }

  // MARK: - Connections

  private func connect() throws -> Connection {
    do throws(SystemError) {
      return Connection(try dial())
    } catch {
      if let starter, case .unix(let path) = address, starter.isWorthTrying(after: error) {
        return Connection(try starter.start(listeningAt: path))
      }
      throw fault(for: error)
    }
  }

  private func dial() throws(SystemError) -> Descriptor {
    switch address {
    case .unix(let path): try UnixSocket.connect(to: path)
    case .tcp(let host, let port): try TCPConnection.connect(host: host, port: port)
    }
  }

  private func fault(for error: SystemError) -> EngineFault {
    if error.kind == .forbidden {
      return .unreachable(
        address, detail: "\(error.reason). Become root, or a member of the group that the socket belongs to")
    }
    return .unreachable(address, detail: nil)
  }
}
