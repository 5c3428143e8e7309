import EngineClient
import LinuxKernel

/// What the program says.
enum Console {
  /// On standard output.
  static func write(_ text: String) throws(SystemError) {
    try StandardStreams.output.descriptor.writeAll(text)
  }

  /// On standard output, with a line feed.
  static func line(_ text: String) throws(SystemError) {
    try write(text + "\n")
  }

  /// On standard error, with a line feed. There is nobody left to tell when that fails.
  static func complain(_ text: String) {
    try? StandardStreams.error.descriptor.writeAll(text + "\n")
  }

  /// On standard output, as the last thing that the program does: its exit status.
  static func show(_ text: String) -> Int32 {
    do throws(SystemError) {
      try write(text)
      return 0
    } catch {
      return isClosedPipe(error) ? 128 + Signal.pipe.rawValue : 1
    }
  }

  /// Whether our reader has gone. errno(3), EPIPE.
  static func isClosedPipe(_ error: SystemError) -> Bool {
    error.errno == 32
  }

  static var outputIsTerminal: Bool { StandardStreams.output.descriptor.isTerminal }
  static var inputIsTerminal: Bool { StandardStreams.input.descriptor.isTerminal }

  /// The size of the terminal that our output goes to.
  static var windowSize: WindowSize? {
    outputIsTerminal ? try? StandardStreams.output.descriptor.windowSize() : nil
  }
}
