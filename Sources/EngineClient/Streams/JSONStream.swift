public import LinuxKernel

/// An answer that goes on: JSON objects as they come. Nothing here waits unless it says so.
public final class JSONStream {
  private let connection: Connection
  private var sequence = JSONSequence()
  /// Whether the answer is over.
  public private(set) var hasEnded = false
  /// What came together with the answer's head.
  private var early: [[UInt8]] = []

  init(_ connection: Connection) throws {
    self.connection = connection
    early = try objects(in: try connection.takeAvailableBody())
  }

  /// The socket, readable when something has come. For epoll(7).
  public func withSocket<Result>(_ body: (borrowing Descriptor) throws -> Result) rethrows -> Result {
    try body(connection.socket)
  }

  /// The objects that came with the answer's head; once.
  public func takeEarly() -> [[UInt8]] {
    defer { early = [] }
    return early
  }

  /// The objects that one read brings, which waits when nothing has come.
  ///
  /// Throws: `EngineFault.disconnected` when the server goes away in the midst of it.
  public func receive() throws -> [[UInt8]] {
    hasEnded ? [] : try objects(in: try connection.receiveAvailableBody())
  }

  private func objects(in piece: (bytes: [UInt8], isOver: Bool)) throws -> [[UInt8]] {
    hasEnded = piece.isOver
    var found: [[UInt8]] = []
    sequence.append(piece.bytes) { found.append($0) }
    return found
  }
}
