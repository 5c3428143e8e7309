import Diagnostics
import Synchronization

/// A value that comes once, and that any number of tasks can wait for, before and after.
final class Latch<Value: Sendable>: Sendable {
  private struct Contents {
    var result: Result<Value, any Error>?
    var waiting: [Int: CheckedContinuation<Value, any Error>] = [:]
    var nextNumber = 0
  }

  private let contents = Mutex(Contents())

  /// Sets the value; only the first call counts.
  func set(_ result: Result<Value, any Error>) {
    let waiting = contents.withLock { contents in
      guard contents.result == nil else { return [Int: CheckedContinuation<Value, any Error>]() }
      contents.result = result
      defer { contents.waiting = [:] }
      return contents.waiting
    }
    for continuation in waiting.values { continuation.resume(with: result) }
  }

  /// Whether the value has come.
  var isSet: Bool { contents.withLock { $0.result != nil } }

  /// The value, when it comes.
  ///
  /// Throws: what was set, or `cancelled` when the waiting task is cancelled.
  var value: Value {
    get async throws {
      let number = contents.withLock { contents in
        contents.nextNumber += 1
        return contents.nextNumber
      }
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let result: Result<Value, any Error>? = contents.withLock { contents in
            if let result = contents.result { return result }
            // A cancellation that came before this line has found nothing to remove.
            if Task.isCancelled { return .failure(whoeverAskedIsGone) }
            contents.waiting[number] = continuation
            return nil
          }
          if let result { continuation.resume(with: result) }
        }
      } onCancel: {
        contents.withLock { $0.waiting.removeValue(forKey: number) }?.resume(throwing: whoeverAskedIsGone)
      }
    }
  }
}

private let whoeverAskedIsGone = ClassifiedError(.cancelled, "whoever asked has gone")
