import LinuxKernel

/// A connection that carries raw bytes both ways since the server answered 101: the standard streams of a container
/// or an exec.
public final class HijackedStream {
  private let connection: Connection
  /// Output that came together with the answer's head.
  private(set) var buffered: [UInt8]

  init(_ connection: Connection) throws {
    self.connection = connection
    buffered = try connection.takeBufferedBody()
  }

  func withSocket<Result>(_ body: (borrowing Descriptor) throws -> Result) rethrows -> Result {
    try body(connection.socket)
  }

  func takeBuffered() -> [UInt8] {
    defer { buffered = [] }
    return buffered
  }
}

/// The answer to a wait that has been asked for: it comes when the container ends.
public final class PendingWait {
  private let connection: Connection
  private let client: EngineClient

  init(_ connection: Connection, _ client: EngineClient) {
    self.connection = connection
    self.client = client
  }

  func withSocket<Result>(_ body: (borrowing Descriptor) throws -> Result) rethrows -> Result {
    try body(connection.socket)
  }

  /// Waits for the end. Throws: `EngineFault.disconnected` when the server goes away.
  public func exitCode() throws -> Int32 {
    try client.exitCode(from: try connection.receiveWholeBody())
  }
}
