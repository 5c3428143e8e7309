import Diagnostics
import EngineClient
import LinuxKernel

/// One command that is joined to a container's streams: terminal modes, resizing, signals and the relay itself.
struct TerminalSession {
  let plan: RelayPlan
  /// Whether signals that we get go to the container; else they end us.
  var proxiesSignals = false
  /// Tells the server how large our terminal is.
  let resize: (WindowSize) throws -> Void
  /// Passes a signal on.
  var forward: (Signal) throws -> Void = { _ in }

  /// Relays until the output ends, or the user detaches. `started` is called when everything stands ready.
  ///
  /// Throws: `ExitRequest` when a signal ends us.
  func run(_ stream: HijackedStream, wait: PendingWait? = nil, started: () throws -> Void = {}) throws -> StdioRelay.End
  {
    let usesTerminal = plan.isTerminal && Console.inputIsTerminal && plan.streams.contains(.input)
    let signals = try signals(resizes: plan.isTerminal)
    let relay = try StdioRelay(stream, plan, wait: wait, signals: signals)
    try started()
    let terminal = usesTerminal ? try RawTerminal() : nil
    defer { terminal?.restore() }
    if plan.isTerminal { resizeToOurs() }
    let end = try relay.run()
    terminal?.restore()
    if case .detached = end { Console.complain("read escape sequence") }
    return end
  }

  private func signals(resizes: Bool) throws -> RelaySignals {
    var kinds: [Signal] = proxiesSignals ? RelaySignals.proxied : [.hangup, .interrupt, .quit, .terminate]
    if resizes { kinds.append(.windowChange) }
    var terminations = 0
    return try RelaySignals(kinds) { signal in
      if signal == .windowChange { return resizeToOurs() }
      guard proxiesSignals else { throw ExitRequest(status: 128 + signal.rawValue) }
      if signal == .interrupt || signal == .terminate { terminations += 1 }
      if terminations >= 3 {
        throw ExitRequest(status: 1, message: "got 3 SIGTERM/SIGINTs, forcefully exiting")
      }
      do {
        try forward(signal)
      } catch {
        // A container that has just ended takes no signal; the relay learns of its end by itself.
        if errorKind(of: error) != .notFound, errorKind(of: error) != .conflict { throw error }
      }
    }
  }

  /// A container that has just ended, or an exec that does not yet run, cannot be resized: that is no reason to stop.
  private func resizeToOurs() {
    guard let size = Console.windowSize else { return }
    do {
      try resize(size)
    } catch {
      return
    }
  }
}
