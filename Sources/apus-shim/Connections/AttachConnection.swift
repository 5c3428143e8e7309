import ShimProtocol

/// A client's attach: the container's output to it, its input to the container.
final class AttachConnection: ConnectionRole, OutputReceiver {
  private let connection: Connection
  private let attach: ShimAttach
  private let stdio: ShimStdio
  private let relay: StdioRelay
  private let onClose: (AttachConnection) -> Void
  private var hasInput: Bool

  init(
    _ connection: Connection, _ attach: ShimAttach, stdio: ShimStdio, relay: StdioRelay,
    onClose: @escaping (AttachConnection) -> Void
  ) {
    self.connection = connection
    self.attach = attach
    self.stdio = stdio
    self.relay = relay
    self.onClose = onClose
    hasInput = attach.stdin
    connection.role = self
    connection.send(.done)
    relay.add(self)
  }

  var behind: Int { connection.behind }

  func take(frame: ArraySlice<UInt8>, of stream: OutputStream) {
    if stream == .output ? attach.stdout : attach.stderr { connection.send(frame: frame) }
  }

  /// All output has come: says so, and ends when the client has read it.
  func outputEnded() {
    connection.send(.outputEnd)
    connection.closeWhenSent()
  }

  func received(_ request: ShimRequest, on connection: Connection) {
    switch request {
    case .input(let bytes): if hasInput { relay.input?.write(bytes, from: connection) }
    case .inputEnd: endInput()
    default: break  // `ConnectionOrder` lets nothing else through.
    }
  }

  func sent(on connection: Connection) {
    relay.resumeIfCaughtUp()
  }

  func closed(_ connection: Connection) {
    endInput()
    relay.input?.forget(connection)
    relay.remove(self)
    onClose(self)
  }

  /// With `stdinOnce`, the first client that ends its input ends the container's. A terminal has no end of input.
  private func endInput() {
    if hasInput, stdio.stdinOnce, !stdio.terminal { relay.input?.end() }
    hasInput = false
  }
}
