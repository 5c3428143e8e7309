import Diagnostics
public import EngineAPI

/// A client of the Docker Engine API. It is synchronous: every call waits for its answer.
///
/// The version of the API is not negotiated: our own server understands ours, so the round trip is saved. A server that
/// finds it too new says so, and then its own version is used from there on.
public final class EngineClient {
  public let address: EngineAddress
  private let connections: ConnectionPool
  private var version: APIVersion
  /// Whether the version is settled: given by the user, or accepted by the server.
  private var isVersionSettled: Bool

  /// `version`: use exactly that version of the API. `starter`: how to start a server when none answers.
  public init(address: EngineAddress, version: APIVersion? = nil, starter: ServerStarter? = nil) {
    self.address = address
    self.version = version ?? .maximum
    isVersionSettled = version != nil
    connections = ConnectionPool(address: address, starter: starter)
  }

  /// The version of the API that requests carry now.
  public var apiVersion: APIVersion { version }

  /// Says that after the next request so many more connections will be needed at once, for streams that stay open. They
  /// are made while that request's answer is waited for, so that the server takes them in meanwhile.
  public func expectConnections(_ count: Int) {
    connections.expect(count)
  }

  // MARK: - Requests

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
    var answer = try connections.receive(try connections.send(request))
    if answer.head.status == 400, !isVersionSettled {
      let refusal = EngineFault.refused(status: 400, message: try readMessage(answer))
      let before = version
      settleVersion(try answer.head["Api-Version"] ?? pingVersion())
      if version == before { throw refusal }
      request.target = target(path, query)
      answer = try connections.receive(try connections.send(request))
    }
    return try accepted(answer, upgrades: upgrades)
  }

  /// Sends two requests at once and reads the heads of their answers; a pair is one round trip.
  ///
  /// Throws: as `begin`, for the first of them that is refused.
  func begin(together first: PreparedRequest, _ second: PreparedRequest) throws -> (PendingAnswer, PendingAnswer) {
    if !isVersionSettled { settleVersion(try pingVersion()) }
    let (sentFirst, sentSecond) = (try connections.send(request(first)), try connections.send(request(second)))
    let answer = try accepted(try connections.receive(sentFirst), upgrades: first.upgrades)
    return (answer, try accepted(try connections.receive(sentSecond), upgrades: second.upgrades))
  }

  /// Sends several GETs at once, each on a connection of its own, and reads the heads of their answers. What is wrong with
  /// one of them is no matter to the others.
  ///
  /// Throws: when the server cannot be reached.
  func begin(each requests: [PreparedRequest]) throws -> [Result<PendingAnswer, any Error>] {
    if !isVersionSettled { settleVersion(try pingVersion()) }
    let sent = try requests.map {
      try connections.send(Request(method: "GET", target: target($0.path, $0.query), headers: $0.headers))
    }
    return sent.map { request in
      Result { try accepted(try connections.receive(request), upgrades: false) }
    }
  }

  private func request(_ prepared: PreparedRequest) -> Request {
    Request(
      method: "POST", target: target(prepared.path, prepared.query), headers: prepared.headers,
      upgrades: prepared.upgrades)
  }

  /// A request without a body.
  struct PreparedRequest {
    let path: String
    let query: Query
    var headers: [(name: String, value: String)] = []
    var upgrades = false
  }

  /// The whole body of the answer to a request.
  func call(
    _ method: String, _ path: String, _ query: Query = Query(), headers: [(name: String, value: String)] = [],
    body: RequestBody = .none
  ) throws -> [UInt8] {
    let answer = try begin(method, path, query, headers: headers, body: body)
    let bytes = try answer.connection.receiveWholeBody()
    connections.keep(answer.connection)
    return bytes
  }

  /// The answer to a request, decoded.
  func call<Answer: APIValue>(
    _ method: String, _ path: String, _ query: Query = Query(), body: RequestBody = .none, as type: Answer.Type
  ) throws -> Answer {
    try Self.decode(type, from: try call(method, path, query, body: body))
  }

  static func json(_ value: some APIValue) -> RequestBody {
    .bytes(EngineJSON.encode(value), contentType: "application/json")
  }

  /// Throws: `EngineFault.malformed`, which names the field.
  static func decode<Answer: APIValue>(_ type: Answer.Type, from bytes: [UInt8]) throws(EngineFault) -> Answer {
    do throws(JSONFault) { return try EngineJSON.decode(type, from: bytes) } catch {
      throw .malformed(error.description)
    }
  }

  private func target(_ path: String, _ query: Query) -> String {
    "/v\(version)\(path)\(query.encoded)"
  }

  // MARK: - Answers

  private func accepted(_ answer: PendingAnswer, upgrades: Bool) throws -> PendingAnswer {
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

  private func readMessage(_ answer: PendingAnswer) throws -> String {
    let body = try answer.connection.receiveWholeBody()
    connections.keep(answer.connection)
    if let response = try? Self.decode(ErrorResponse.self, from: body), !response.message.isEmpty {
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
    let answer = try connections.receive(try connections.send(Request(method: "GET", target: "/_ping")))
    _ = try answer.connection.receiveWholeBody()
    connections.keep(answer.connection)
    return answer.head["Api-Version"]
  }
}
