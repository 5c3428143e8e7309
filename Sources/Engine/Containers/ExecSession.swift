import Diagnostics
import EngineAPI
import NIOCore
import ShimProtocol
import Synchronization

/// A further process in a container: made, started once, ended.
final class ExecSession: Sendable {
  let id: String
  let container: Container
  let request: ExecCreateRequest

  enum State: Sendable {
    case created
    case starting
    case running(pid: Int32)
    case ended(code: Int)
  }

  private let contents = Mutex(State.created)

  init(container: Container, request: ExecCreateRequest) {
    id = randomHexadecimal(words: 4)
    self.container = container
    self.request = request
  }

  var state: State { contents.withLock { $0 } }

  var isRunning: Bool {
    switch state {
    case .created, .ended: false
    case .starting, .running: true
    }
  }

  /// Made, and not started.
  var isWaiting: Bool {
    if case .created = state { true } else { false }
  }

  /// Takes the one start that an exec has.
  ///
  /// Throws: `conflict` when it has been started.
  func beginStart() throws(ClassifiedError) {
    try contents.withLock { state throws(ClassifiedError) in
      guard case .created = state else {
        throw ClassifiedError(.conflict, "Error: Exec command \(id) is already running")
      }
      state = .starting
    }
  }

  func note(_ state: State) {
    contents.withLock { $0 = state }
  }

  var inspection: ExecInspect {
    var answer = ExecInspect()
    answer.id = id
    answer.containerID = container.id.text
    answer.running = isRunning
    switch state {
    case .created, .starting: break
    case .running(let pid): answer.pid = Int(pid)
    case .ended(let code): answer.exitCode = code
    }
    answer.openStdin = request.attachStdin
    answer.openStdout = request.attachStdout
    answer.openStderr = request.attachStderr
    answer.detachKeys = request.detachKeys
    let words = request.cmd ?? []
    answer.processConfig = ProcessConfig(
      tty: request.tty, entrypoint: words.first ?? "", arguments: Array(words.dropFirst()),
      privileged: request.privileged, user: request.user)
    return answer
  }
}

/// A client's connection to the streams of an exec, which starts when its output is first asked for: by then the client
/// has been told that the connection is its own. Some clients lose output that comes in one piece with that answer.
final class ExecStdio: StdioSession {
  let isTerminal: Bool
  private let exec: ExecSession
  private let start: @Sendable () async throws -> ShimStream
  private let stream = Latch<ShimStream>()
  private let isStarted = Mutex(false)

  init(_ exec: ExecSession, start: @Sendable @escaping () async throws -> ShimStream) {
    isTerminal = exec.request.tty
    self.exec = exec
    self.start = start
  }

  /// Ends only when the exit code is known: clients ask for it as soon as the stream ends. An exec that does not start
  /// says why in its output, since the answer has been given.
  func nextOutput() async throws -> StdioChunk? {
    let isFirst = isStarted.withLock { isStarted in
      defer { isStarted = true }
      return !isStarted
    }
    if isFirst {
      do {
        stream.set(.success(try await start()))
      } catch {
        stream.set(.failure(error))
        return StdioChunk(stream: .output, bytes: ByteBuffer(string: explanation(of: error) + "\r\n"))
      }
    }
    guard let stream = try? await stream.value else { return nil }
    if let chunk = try await stream.next() { return chunk }
    if !stream.isDetached, let record = try? await stream.exit.value { exec.note(.ended(code: Int(record.code))) }
    return nil
  }

  func writeInput(_ bytes: ByteBuffer) async throws { try await stream.value.write(bytes) }

  func closeInput() async {
    // An exec that did not start has no input to close.
    try? await stream.value.endInput()
  }

  /// The connection stays, since the exit comes on it.
  func detach() async {
    guard isStarted.withLock({ $0 }) else { return }
    try? await stream.value.drain()
  }
}
