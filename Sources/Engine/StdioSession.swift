public import NIOCore

/// Which of a process's standard streams a chunk belongs to. Raw values are those of Docker's stream frames.
public enum StdioStream: UInt8, Sendable {
  case input = 0
  case output = 1
  case error = 2
}

/// Some bytes that a container or exec wrote, or a stored log line of it.
public struct StdioChunk: Sendable {
  public let stream: StdioStream
  public let bytes: ByteBuffer

  public init(stream: StdioStream, bytes: ByteBuffer) {
    self.stream = stream
    self.bytes = bytes
  }
}

/// One client's connection to the standard streams of a container or an exec.
///
/// Output is pulled, so a client that reads slowly slows down only what is attached to it. There is one
/// reader and one writer at a time.
public protocol StdioSession: Sendable {
  /// Whether the process has a terminal: then its output is one raw stream.
  var isTerminal: Bool { get }

  /// The next output, or nil when all output has been delivered or the session was detached.
  func nextOutput() async throws -> StdioChunk?

  /// Passes bytes to the process's standard input; returns when the shim has taken them.
  func writeInput(_ bytes: ByteBuffer) async throws

  /// The client has no more input. Closes the process's standard input if it is to end with this client.
  func closeInput() async

  /// Ends the session; the process goes on. Safe to call more than once.
  func detach() async
}

/// What a client wants of an attach (`POST /containers/{id}/attach`).
public struct AttachOptions: Sendable {
  public var logs = false
  public var stream = false
  public var stdin = false
  public var stdout = false
  public var stderr = false

  public init() {}
}

/// What a client wants of the logs (`GET /containers/{id}/logs`). Times are Unix time in nanoseconds.
public struct LogOptions: Sendable {
  public var follow = false
  public var stdout = false
  public var stderr = false
  public var since: Int64?
  public var until: Int64?
  public var timestamps = false
  public var details = false
  /// The last so many lines; nil: all.
  public var tail: Int?

  public init() {}
}

/// When a wait is over (`POST /containers/{id}/wait?condition=`).
public enum WaitCondition: String, Sendable {
  case notRunning = "not-running"
  case nextExit = "next-exit"
  case removed
}

/// A wait that has been registered: no exit after it can be missed.
public struct ContainerWait: Sendable {
  public struct Exit: Sendable {
    public let code: Int
    public let error: String?

    public init(code: Int, error: String?) {
      self.code = code
      self.error = error
    }
  }

  private let wait: @Sendable () async throws -> Exit

  public init(_ wait: @Sendable @escaping () async throws -> Exit) {
    self.wait = wait
  }

  /// The exit, when it comes. Throws when the container is lost or the task is cancelled.
  public var value: Exit { get async throws { try await wait() } }
}
