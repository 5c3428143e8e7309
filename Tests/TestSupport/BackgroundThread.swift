import Foundation
import Synchronization

/// Runs a body on a thread of its own and hands on what it throws.
public final class BackgroundThread: Sendable {
  private let finished = DispatchSemaphore(value: 0)
  private let failure = Mutex<(any Error)?>(nil)

  public init(_ body: @escaping @Sendable () throws -> Void) {
    Thread.detachNewThread { [self] in
      do {
        try body()
      } catch {
        failure.withLock { $0 = error }
      }
      finished.signal()
    }
  }

  /// Waits until the body is done.
  public func join() throws {
    finished.wait()
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
