/// Where a connection is between request and answer. A value: each event returns what the handler has to do.
///
///     idle ─head─▶ exchange ─answer and request ended─▶ idle
///                     │  └─answer ended, request not──▶ discarding ──▶ idle
///                     │                                     └─too much──▶ lingering ─▶ closed
///                     └─takeOver─▶ raw
struct ConnectionState {
  enum Answer: Equatable {
    case pending
    case begun
  }

  struct Exchange: Equatable {
    /// Tells a task of an earlier exchange from the present one.
    let id: UInt64
    /// Whether the client's next request may follow on this connection.
    var keepsAlive: Bool
    /// Whether success ends HTTP on this connection: attach, exec start.
    let mayTakeOver: Bool
    var requestEnded = false
    var answer = Answer.pending
  }

  enum Phase: Equatable {
    case idle
    case exchange(Exchange)
    /// The answer is out; so many bytes of the request may still be read for the sake of the next one.
    case discarding(remaining: Int)
    /// Our side is shut; what the client still sends is dropped until it closes.
    case lingering
    case raw
    case closed
  }

  enum Action: Equatable {
    case nothing
    /// Take the next request.
    case proceed
    /// Shut our side when all is out, and wait a moment for the client to close its own.
    case linger
    /// Answer for the decoder, then linger.
    case refuse
    /// The request broke off: its reader must know.
    case failBody
    /// Keep what comes until the request is answered.
    case holdInput
  }

  /// As much of an unread body is read and dropped before a connection is given up.
  static let discardLimit = 256 << 10

  private(set) var phase = Phase.idle
  private var lastID: UInt64 = 0
  private(set) var inputHasEnded = false

  /// Whether more bytes from the client are of use now.
  var wantsInput: Bool {
    switch phase {
    case .exchange(let exchange): !exchange.requestEnded
    case .closed: false
    case .idle, .discarding, .lingering, .raw: true
    }
  }

  var isIdle: Bool { phase == .idle }

  // MARK: The client's side

  mutating func headArrived(keepsAlive: Bool, mayTakeOver: Bool) -> UInt64 {
    precondition(phase == .idle, "a request within a request")
    lastID += 1
    phase = .exchange(Exchange(id: lastID, keepsAlive: keepsAlive, mayTakeOver: mayTakeOver))
    return lastID
  }

  /// Part of a body came. True: it is for the request's reader.
  mutating func bodyArrived(_ count: Int) -> (isWanted: Bool, Action) {
    switch phase {
    case .exchange: return (true, .nothing)
    case .discarding(let remaining) where remaining >= count:
      phase = .discarding(remaining: remaining - count)
      return (false, .nothing)
    case .discarding:
      phase = .lingering
      return (false, .linger)
    case .idle, .lingering, .raw, .closed: return (false, .nothing)
    }
  }

  mutating func requestEnded() -> Action {
    switch phase {
    case .exchange(var exchange):
      exchange.requestEnded = true
      phase = .exchange(exchange)
      return exchange.mayTakeOver ? .holdInput : .nothing
    case .discarding:
      phase = .idle
      return .proceed
    case .idle, .lingering, .raw, .closed: return .nothing
    }
  }

  /// The client shut its side; `requestsWait` when some that came before have not been looked at yet.
  mutating func inputEnded(requestsWait: Bool) -> Action {
    inputHasEnded = true
    switch phase {
    case .idle where requestsWait: return .nothing
    case .idle, .discarding:
      // The last answer may still be on its way out.
      phase = .lingering
      return .linger
    case .exchange(var exchange):
      guard !exchange.requestEnded else { return .nothing }
      exchange.keepsAlive = false
      phase = .exchange(exchange)
      return .failBody
    case .lingering, .raw, .closed: return .nothing
    }
  }

  /// What the client sent is not HTTP, or too much of it, or too slow.
  mutating func inputWasRefused() -> Action {
    switch phase {
    case .idle:
      phase = .lingering
      return .refuse
    case .discarding:
      phase = .lingering
      return .linger
    case .exchange(var exchange):
      exchange.keepsAlive = false
      phase = .exchange(exchange)
      return exchange.requestEnded ? .nothing : .failBody
    case .lingering, .raw, .closed: return .nothing
    }
  }

  // MARK: Our side

  /// The exchange, if it is the present one.
  func exchange(_ id: UInt64) -> Exchange? {
    if case .exchange(let exchange) = phase, exchange.id == id { exchange } else { nil }
  }

  /// The head of the answer goes out. False when there is nobody to answer, or it went out before.
  mutating func begin(_ id: UInt64) -> Bool {
    guard var exchange = exchange(id), exchange.answer == .pending else { return false }
    exchange.answer = .begun
    phase = .exchange(exchange)
    return true
  }

  /// The answer is complete.
  mutating func finish(_ id: UInt64) -> Action {
    guard let exchange = exchange(id) else { return .nothing }
    guard exchange.keepsAlive else {
      phase = .lingering
      return .linger
    }
    if exchange.requestEnded {
      phase = .idle
      return .proceed
    }
    phase = .discarding(remaining: ConnectionState.discardLimit)
    return .nothing
  }

  /// All that came has been handled: what is still missing will not come when the client has shut its side.
  mutating func caughtUp() -> Action {
    guard inputHasEnded else { return .nothing }
    switch phase {
    case .idle:
      phase = .lingering
      return .linger
    case .exchange(let exchange): return exchange.requestEnded ? .nothing : .failBody
    case .discarding, .lingering, .raw, .closed: return .nothing
    }
  }

  /// HTTP ends here. False when there is nobody left to hand over to.
  mutating func takeOver(_ id: UInt64) -> Bool {
    guard begin(id) else { return false }
    phase = .raw
    return true
  }

  mutating func connectionClosed() { phase = .closed }
}
