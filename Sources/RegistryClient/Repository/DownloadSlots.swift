import Synchronization

/// Lets so many downloads run at the same time; the others wait in line.
final class DownloadSlots: Sendable {
  private typealias Turn = CheckedContinuation<Void, any Error>

  private struct State {
    var free: Int
    var line: [(ticket: UInt64, turn: Turn)] = []
    var nextTicket: UInt64 = 0
    /// Tickets given up before their holders had joined the line.
    var abandoned: Set<UInt64> = []
  }

  private let state: Mutex<State>

  init(_ count: Int) {
    state = Mutex(State(free: max(count, 1)))
  }

  /// Runs a download when its turn has come.
  ///
  /// Throws: what the download throws, or `CancellationError` while it waits.
  func run<Value: Sendable>(_ download: () async throws -> Value) async throws -> Value {
    try await waitForTurn()
    defer { endTurn() }
    return try await download()
  }

  private func waitForTurn() async throws {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    defer { state.withLock { _ = $0.abandoned.remove(ticket) } }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { turn in join(ticket, turn) }
    } onCancel: {
      leave(ticket)
    }
  }

  private func join(_ ticket: UInt64, _ turn: Turn) {
    let answer: Result<Void, any Error>? = state.withLock { state in
      if state.abandoned.contains(ticket) { return .failure(CancellationError()) }
      if state.free > 0 {
        state.free -= 1
        return .success(())
      }
      state.line.append((ticket, turn))
      return nil
    }
    if let answer { turn.resume(with: answer) }
  }

  private func leave(_ ticket: UInt64) {
    let turn: Turn? = state.withLock { state in
      if let index = state.line.firstIndex(where: { $0.ticket == ticket }) { return state.line.remove(at: index).turn }
      state.abandoned.insert(ticket)
      return nil
    }
    turn?.resume(throwing: CancellationError())
  }

  /// The slot goes straight to who waits longest.
  private func endTurn() {
    let next: Turn? = state.withLock { state in
      if !state.line.isEmpty { return state.line.removeFirst().turn }
      state.free += 1
      return nil
    }
    next?.resume()
  }
}
