import LinuxKernel

/// Our terminal in raw mode: every key goes to the container. It gets its modes back when this ends.
public final class RawTerminal {
  private let modes: TerminalModes

  /// Throws: ENOTTY when standard input is no terminal.
  public init() throws {
    modes = try StandardStreams.input.descriptor.makeRaw()
  }

  public func restore() {
    // A terminal that has gone away needs no modes.
    try? StandardStreams.input.descriptor.setTerminalModes(modes)
  }

  deinit {
    restore()
  }
}
