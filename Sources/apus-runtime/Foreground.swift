import ContainerRuntime
import Diagnostics
import LinuxKernel

/// Waits for a process that was started in the foreground: passes signals on to it, and relays its terminal when it has
/// one that nobody else takes.
final class Foreground {
  /// What to give the new process as the receiver of its terminal; nil when it needs none.
  private(set) var console: ConsoleReceiver?

  /// Blocked only once the process has been started, which would else inherit that.
  private let passedOn: SignalSet
  private let signals: SignalSource
  private let receiver: SharedDescriptor?

  private enum Token: UInt64 {
    case signals, input, terminal
  }

  /// What reports a fault of this very process (SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV), and SIGURG, which means
  /// nothing here, stay with it.
  private static func isOwn(_ signal: Int32) -> Bool {
    switch signal {
    case 4, 5, 7, 8, 11, 23: true
    default: false
    }
  }

  init(wantsTerminal: Bool) throws {
    passedOn = SignalSet((1...64).compactMap { Self.isOwn($0) ? nil : Signal(rawValue: $0) })
    signals = try SignalSource(passedOn)
    guard wantsTerminal else {
      receiver = nil
      return
    }
    let pair = try SocketPair()
    let first = pair.first
    let second = pair.second
    receiver = SharedDescriptor(first)
    console = .connection(SharedDescriptor(second))
  }

  /// Waits for the child `pid`.
  func wait(for pid: Int32) throws -> ExitStatus {
    guard let receiver else { return try waitWithoutTerminal(pid) }
    let message = try receiver.descriptor.receive(upTo: 64)
    guard let master = message.descriptor else {
      throw ClassifiedError(.system, "the process did not hand over its terminal")
    }
    let input = try StandardStream.duplicate(0)
    let modes = input.isTerminal ? try input.makeRaw() : nil
    defer { if let modes { try? input.setTerminalModes(modes) } }
    copySize(to: master)
    return try relay(pid, master, input)
  }

  private func waitWithoutTerminal(_ pid: Int32) throws -> ExitStatus {
    try passedOn.block()
    if let status = try Children.reap(pid) { return status }
    while true {
      _ = try signals.descriptor.poll(.readable)
      if let status = try handleSignals(pid, onResize: {}) { return status }
    }
  }

  private func relay(
    _ pid: Int32, _ master: borrowing Descriptor, _ input: borrowing Descriptor
  ) throws -> ExitStatus {
    try passedOn.block()
    let output = try StandardStream.duplicate(1)
    let watched = try Epoll()
    try watched.add(signals.descriptor, .readable, token: Token.signals.rawValue)
    try watched.add(master, .readable, token: Token.terminal.rawValue)
    // A regular file cannot be watched, and is always readable.
    let watchesInput = (try? watched.add(input, .readable, token: Token.input.rawValue)) != nil
    var buffer = [UInt8](repeating: 0, count: 32 << 10)
    var status = try Children.reap(pid)
    while status == nil {
      if !watchesInput { _ = try copy(from: input, to: master, &buffer) }
      for ready in try watched.wait() {
        switch Token(rawValue: ready.token) {
        case .signals: status = try handleSignals(pid, onResize: { copySize(to: master) }) ?? status
        case .input:
          if try !copy(from: input, to: master, &buffer) { try watched.remove(input) }
        case .terminal:
          if try !copy(from: master, to: output, &buffer) { try watched.remove(master) }
        case nil: break
        }
      }
    }
    // What the program printed last.
    while try !master.poll(.readable, milliseconds: 0).isEmpty, try copy(from: master, to: output, &buffer) {}
    return status ?? .exited(0)
  }

  /// Copies what is there; false at the end.
  private func copy(
    from source: borrowing Descriptor, to target: borrowing Descriptor, _ buffer: inout [UInt8]
  ) throws -> Bool {
    switch try source.tryRead(into: &buffer) {
    case .bytes(let count):
      try target.writeAll(Array(buffer[..<count]))
      return true
    case .wouldBlock: return true
    case .end: return false
    }
  }

  private func handleSignals(_ pid: Int32, onResize: () -> Void) throws -> ExitStatus? {
    while let (signal, _) = try signals.next() {
      switch signal {
      case .child:
        while let (ended, status) = try Children.reapAny() {
          if ended == pid { return status }
        }
      case .windowChange: onResize()
      default:
        // A process that ends just now is reported by the next SIGCHLD.
        try? signal.send(to: pid)
      }
    }
    return nil
  }

  private func copySize(to master: borrowing Descriptor) {
    guard let output = try? StandardStream.duplicate(1), let size = try? output.windowSize() else { return }
    try? master.setWindowSize(size)
  }
}
