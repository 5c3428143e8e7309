import Dispatch
import Synchronization

/// Runs work that blocks on a few threads of its own, so that the cooperative pool never waits for a disk.
///
/// Each lane is a serial dispatch queue: it has a thread only while it has work.
public final class BlockingExecutor: Sendable {
  private struct State {
    var idle: [DispatchQueue]
    var waiting: [@Sendable () -> Void] = []
  }

  private let state: Mutex<State>

  /// - Parameters:
  ///   - name: What the threads are for.
  ///   - width: How many pieces of work run at once.
  public init(_ name: String, width: Int) {
    state = Mutex(State(idle: (0..<width).map { DispatchQueue(label: "apus.\(name).\($0)") }))
  }

  /// Runs `work` on one of the threads, in the order of the calls, and waits for it without blocking.
  public func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      submit { continuation.resume(with: Swift.Result { try work() }) }
    }
  }

  /// Runs `job` on one of the threads some time. It is for the work of a `deinit`, which cannot wait.
  func submit(_ job: @escaping @Sendable () -> Void) {
    let lane: DispatchQueue? = state.withLock { state in
      if let lane = state.idle.popLast() { return lane }
      state.waiting.append(job)
      return nil
    }
    if let lane { begin(job, on: lane) }
  }

  private func begin(_ job: @escaping @Sendable () -> Void, on lane: DispatchQueue) {
    lane.async {
      var next: (@Sendable () -> Void)? = job
      while let job = next {
        job()
        next = self.state.withLock { state in
          if state.waiting.isEmpty {
            state.idle.append(lane)
            return nil
          }
          return state.waiting.removeFirst()
        }
      }
    }
  }
}
