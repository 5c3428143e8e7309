public import LinuxKernel

/// Signals that this process takes in while it relays, instead of acting on them.
public final class RelaySignals {
  private let source: SignalSource
  private let handle: (Signal) throws -> Void

  /// What a client passes on to its container: everything that a user can send, but not what the kernel says about this
  /// process itself.
  public static let proxied: [Signal] =
    [.hangup, .interrupt, .quit, .user1, .user2, .alarm, .terminate, .continue, .terminalStop]

  /// From here on the signals wait to be read; `handle` is called with each, and what it throws ends the relay.
  public init(_ signals: [Signal], handle: @escaping (Signal) throws -> Void) throws {
    let set = SignalSet(signals)
    try set.block()
    source = try SignalSource(set)
    self.handle = handle
  }

  func withDescriptor<Result>(_ body: (borrowing Descriptor) throws -> Result) rethrows -> Result {
    try body(source.descriptor)
  }

  func handlePending() throws {
    while let (signal, _) = try source.next() { try handle(signal) }
  }
}
