import CommandLine
import EngineAPI
import EngineClient
import LinuxKernel

/// Shows the progress that the server reports while it pulls, loads or imports.
final class ProgressPrinter {
  private let descriptor: SharedDescriptor
  private var display: ProgressDisplay

  init(on descriptor: SharedDescriptor) {
    self.descriptor = descriptor
    let isTerminal = descriptor.descriptor.isTerminal
    let columns = isTerminal ? (try? descriptor.descriptor.windowSize().columns).map(Int.init) : nil
    display = ProgressDisplay(columns: isTerminal ? max(columns ?? 80, 20) : nil)
  }

  func show(_ message: ProgressMessage) throws {
    if let text = message.stream { return try descriptor.descriptor.writeAll(text) }
    guard let status = message.status else { return }
    let report = ProgressDisplay.Report(
      id: message.id, status: status, current: message.progressDetail?.current ?? 0,
      total: message.progressDetail?.total ?? 0)
    try descriptor.descriptor.writeAll(display.show(report))
  }
}
