import Synchronization

/// The only place where tasks are started that outlive the call which needs them. Each is known here, so that the
/// engine's end can end them all and wait for them.
final class Background: Sendable {
  private struct Contents {
    var tasks: [Int: Task<Void, Never>] = [:]
    var nextNumber = 0
    var isClosed = false
  }

  private let contents = Mutex(Contents())

  /// Starts `work` in the background; not any more once `cancelAll` has been called.
  func start(_ work: @Sendable @escaping () async -> Void) {
    contents.withLock { contents in
      guard !contents.isClosed else { return }
      let number = contents.nextNumber
      contents.nextNumber += 1
      contents.tasks[number] = Task { [weak self] in
        await work()
        self?.contents.withLock { $0.tasks[number] = nil }
      }
    }
  }

  /// Cancels everything and waits until it has ended.
  func cancelAll() async {
    let tasks = contents.withLock { contents in
      contents.isClosed = true
      return Array(contents.tasks.values)
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }
}
