import Diagnostics
import Synchronization

/// One holder at a time for each key: whoever wants to do what another is doing already waits, and looks again after
/// that whether it still needs to be done.
final class KeyedLock<Key: Hashable & Sendable>: Sendable {
  private struct Waiter {
    let id: UInt64
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    /// Held keys, each with those who wait for it in order.
    var held: [Key: [Waiter]] = [:]
    var lastID: UInt64 = 0
  }

  private let state = Mutex(State())

  /// The right to work on a key; it ends with its last reference.
  final class Claim: Sendable {
    private let lock: KeyedLock
    private let key: Key

    fileprivate init(_ lock: KeyedLock, _ key: Key) {
      self.lock = lock
      self.key = key
    }

    deinit { lock.release(key) }
  }

  /// Waits until nobody holds the key.
  ///
  /// Throws: `cancelled` when the task is cancelled while it waits.
  func claim(_ key: Key) async throws -> Claim {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { wait(for: key, Waiter(id: id, continuation: $0)) }
    } onCancel: {
      giveUp(key, id)
    }
    return Claim(self, key)
  }

  private func wait(for key: Key, _ waiter: Waiter) {
    let outcome: Result<Void, any Error>? = state.withLock { state in
      // The handler runs after the flag is set: either it is seen here, or the waiter is seen there.
      if Task.isCancelled { return .failure(Self.cancelled) }
      if state.held[key] == nil {
        state.held[key] = []
        return .success(())
      }
      state.held[key]?.append(waiter)
      return nil
    }
    if let outcome { waiter.continuation.resume(with: outcome) }
  }

  private func giveUp(_ key: Key, _ id: UInt64) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.held[key]?.firstIndex(where: { $0.id == id }) else { return nil }
      return state.held[key]?.remove(at: index)
    }
    waiter?.continuation.resume(throwing: Self.cancelled)
  }

  private func release(_ key: Key) {
    let next: Waiter? = state.withLock { state in
      guard let waiters = state.held[key], !waiters.isEmpty else {
        state.held[key] = nil
        return nil
      }
      return state.held[key]?.removeFirst()
    }
    next?.continuation.resume()
  }

  private static var cancelled: ClassifiedError { ClassifiedError(.cancelled, "cancelled") }
}
