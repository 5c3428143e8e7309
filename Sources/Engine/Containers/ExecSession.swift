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

/// A client's connection to the streams of an exec.
struct ExecStdio: StdioSession {
  let isTerminal: Bool
  let exec: ExecSession
  let stream: ShimStream

  /// Ends only when the exit code is known: clients ask for it as soon as the stream ends.
  func nextOutput() async throws -> StdioChunk? {
    if let chunk = try await stream.next() { return chunk }
    if !stream.isDetached, let record = try? await stream.exit.value { exec.note(.ended(code: Int(record.code))) }
    return nil
  }

  func writeInput(_ bytes: ByteBuffer) async throws { try await stream.write(bytes) }
  func closeInput() async { stream.endInput() }
  /// The connection stays, since the exit comes on it.
  func detach() async { stream.drain() }
}
