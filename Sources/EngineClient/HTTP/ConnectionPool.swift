import Diagnostics
import LinuxKernel

/// The connections of one client to its server: made when they are needed, kept between requests, and made ahead while
/// the server works on something else.
final class ConnectionPool {
  private let address: EngineAddress
  private let starter: ServerStarter?
  /// Connections that are between requests.
  private var idle: [Connection] = []
  /// How many connections the next requests need beyond one.
  private var expected = 0

  init(address: EngineAddress, starter: ServerStarter?) {
    self.address = address
    self.starter = starter
  }

  /// A request that is on its way.
  struct SentRequest {
    fileprivate let request: Request
    fileprivate let connection: Connection
    /// Whether the connection has carried nothing else: then its end is the server's, not that of an idle connection.
    fileprivate let isFresh: Bool
  }

  /// Says that so many more connections will be needed at once. They are made while the next answer is waited for.
  func expect(_ count: Int) {
    expected = count
  }

  /// Sends a request without waiting for its answer.
  func send(_ request: Request) throws -> SentRequest {
    if let kept = idle.popLast() {
      do {
        try kept.send(request)
        return SentRequest(request: request, connection: kept, isFresh: false)
      } catch EngineFault.disconnected {
        // The server closed the idle connection before it saw the request: a fresh one decides.
        if case .pieces = request.body { throw EngineFault.disconnected }
      }
    }
    return try sendAfresh(request)
  }

  /// The head of the answer to a request.
  func receive(_ sent: SentRequest) throws -> PendingAnswer {
    connectAhead()
    let connection = sent.connection
    do {
      return PendingAnswer(head: try connection.receiveHead(), connection: connection)
    } catch EngineFault.disconnected where !sent.isFresh && !connection.hasReceived {
      if case .pieces = sent.request.body { throw EngineFault.disconnected }
      let again = try sendAfresh(sent.request).connection
      return PendingAnswer(head: try again.receiveHead(), connection: again)
    }
  }

  /// Takes a connection back whose answer has been read.
  func keep(_ connection: Connection) {
    if connection.isReusable { idle.append(connection) }
  }

  private func sendAfresh(_ request: Request) throws -> SentRequest {
    let connection = try connect()
    try connection.send(request)
    return SentRequest(request: request, connection: connection, isFresh: true)
  }

  private func connectAhead() {
    while expected > 0 {
      expected -= 1
      // The request that needs it will say what is wrong.
      guard let socket = try? dial() else { return }
      idle.insert(Connection(socket), at: 0)
    }
  }

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

/// An answer whose body has not been read.
struct PendingAnswer {
  let head: ResponseHead
  let connection: Connection
}
