import Diagnostics
import Synchronization

/// A wish to stop, which long work on other threads looks at between its steps.
public final class Cancellation: Sendable {
  private let flag = Atomic(false)

  public init() {}

  public func cancel() {
    flag.store(true, ordering: .relaxed)
  }

  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Throws: `cancelled` when somebody wished to stop.
  public func check() throws(ClassifiedError) {
    if isCancelled { throw ClassifiedError(.cancelled, "cancelled") }
  }
}
