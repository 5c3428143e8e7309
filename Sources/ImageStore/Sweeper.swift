import LinuxKernel
import Logging

/// Removes in the background what lies under `tmp` and is needed no more: a layer can take seconds.
final class Sweeper: Sendable {
  private let executor = BlockingExecutor("sweep", width: 1)
  private let logger: Logger

  init(_ logger: Logger) {
    self.logger = logger
  }

  /// What cannot be removed is logged, and tried again at the next start.
  func remove(_ paths: [String]) {
    guard !paths.isEmpty else { return }
    executor.submit { [logger] in
      for path in paths {
        do {
          try HostFiles.removeTree(path)
        } catch {
          logger.warning("cannot remove what is left over", metadata: ["path": "\(path)", "error": "\(error)"])
        }
      }
    }
  }

  /// Waits until everything that was handed over has been dealt with.
  func finish() async throws {
    try await executor.run {}
  }
}
