import CLinux
import Glibc

/// How large a terminal is, in characters.
public struct WindowSize: Sendable, Equatable {
  public let rows: UInt16
  public let columns: UInt16

  public init(rows: UInt16, columns: UInt16) {
    self.rows = rows
    self.columns = columns
  }
}

/// The modes of a terminal, to be given back later. termios(3).
public struct TerminalModes: Sendable {
  fileprivate var kernelValue: termios
}

extension Descriptor {
  /// Whether this is a terminal. isatty(3).
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Its size. Throws: ENOTTY.
  public func windowSize() throws(SystemError) -> WindowSize {
    var (rows, columns): (UInt16, UInt16) = (0, 0)
    try systemCall("get size of", place) { unsafe clinux_window_size(rawValue, &rows, &columns) }
    return WindowSize(rows: rows, columns: columns)
  }

  /// Sets its size; the processes in front get SIGWINCH. Throws: ENOTTY.
  public func setWindowSize(_ size: WindowSize) throws(SystemError) {
    try systemCall("set size of", place) { clinux_set_window_size(rawValue, size.rows, size.columns) }
  }

  /// Makes this terminal the session's own; the caller leads the session. TIOCSCTTY of ioctl_tty(2).
  public func makeControllingTerminal() throws(SystemError) {
    try systemCall("take terminal", place) { clinux_set_controlling_terminal(rawValue, 0) }
  }

  /// Its modes now. tcgetattr(3). Throws: ENOTTY.
  public func terminalModes() throws(SystemError) -> TerminalModes {
    var modes = termios()
    try systemCall("get modes of", place) { unsafe tcgetattr(rawValue, &modes) }
    return TerminalModes(kernelValue: modes)
  }

  /// Sets its modes, once what was written has been printed. tcsetattr(3).
  public func setTerminalModes(_ modes: TerminalModes) throws(SystemError) {
    var modes = modes.kernelValue
    try systemCall("set modes of", place) { unsafe tcsetattr(rawValue, TCSADRAIN, &modes) }
  }

  /// Hands on every byte as it comes, without echo, lines or signals; returns the modes before. With
  /// `translatingOutput`, newlines still return the carriage, for a program that prints lines itself.
  @discardableResult
  public func makeRaw(translatingOutput: Bool = false) throws(SystemError) -> TerminalModes {
    let before = try terminalModes()
    var raw = before
    unsafe cfmakeraw(&raw.kernelValue)
    if translatingOutput { raw.kernelValue.c_oflag |= tcflag_t(OPOST) }
    try setTerminalModes(raw)
    return before
  }
}
