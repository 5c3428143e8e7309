import Synchronization

/// The only place where tasks are started that outlive the call which needs them. Each is known here, so that the
/// engine's end can end them all and wait for them.
final class Background: Sendable {
  /// What the engine's end means for a task.
  enum Ending {
    /// It is cancelled.
    case cancelled
    /// It is short and goes on to its own end.
    case awaited
  }

  private struct Contents {
    var tasks: [Int: (task: Task<Void, Never>, ending: Ending)] = [:]
    var nextNumber = 0
    var isClosed = false
  }

  private let executor: LoopExecutor
  private let contents = Mutex(Contents())

  /// The tasks run on `executor`.
  init(on executor: LoopExecutor) {
    self.executor = executor
  }

  /// Starts `work` in the background; not any more once `end` has been called.
  func start(_ ending: Ending = .cancelled, _ work: @Sendable @escaping () async -> Void) {
    contents.withLock { contents in
      guard !contents.isClosed else { return }
      let number = contents.nextNumber
      contents.nextNumber += 1
      let task = Task(executorPreference: executor) { [weak self] in
        await work()
        self?.contents.withLock { $0.tasks[number] = nil }
      }
      contents.tasks[number] = (task, ending)
    }
  }

  /// Ends everything and waits until it has ended.
  func end() async {
    let tasks = contents.withLock { contents in
      contents.isClosed = true
      return Array(contents.tasks.values)
    }
    for (task, ending) in tasks where ending == .cancelled { task.cancel() }
    for (task, _) in tasks { await task.value }
  }
}
