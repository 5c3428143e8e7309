import ShimProtocol

/// The shim as a control connection sees it: what can be asked, each with one answer.
protocol Controllable: AnyObject {
  func start(_ answer: @escaping (ShimEvent) -> Void)
  func signal(_ number: UInt8, wholeContainer: Bool, _ answer: @escaping (ShimEvent) -> Void)
  func resize(exec: String?, rows: UInt16, columns: UInt16) -> ShimEvent
  func acknowledge()
  func controlClosed(_ control: ControlConnection)
}

/// The server's control connection: requests are carried out and answered one after another, events come between.
final class ControlConnection: ConnectionRole {
  private let connection: Connection
  private unowned let shim: any Controllable

  init(_ connection: Connection, shim: any Controllable) {
    self.connection = connection
    self.shim = shim
    connection.role = self
  }

  func send(_ event: ShimEvent) {
    connection.send(event)
  }

  func received(_ request: ShimRequest, on connection: Connection) {
    switch request {
    case .start: whileInputWaits { shim.start($0) }
    case .signal(let number, let whole): whileInputWaits { shim.signal(number, wholeContainer: whole, $0) }
    case .resize(let exec, let rows, let columns):
      connection.send(shim.resize(exec: exec, rows: rows, columns: columns))
    case .acknowledge: shim.acknowledge()
    default: break  // `ConnectionOrder` lets nothing else through.
    }
  }

  func sent(on connection: Connection) {}

  func closed(_ connection: Connection) {
    shim.controlClosed(self)
  }

  /// The next request is taken when this one has been answered, so that answers come in the order of requests.
  private func whileInputWaits(_ ask: (@escaping (ShimEvent) -> Void) -> Void) {
    connection.pauseInput()
    ask { [connection] answer in
      connection.send(answer)
      connection.resumeInput()
    }
  }
}
