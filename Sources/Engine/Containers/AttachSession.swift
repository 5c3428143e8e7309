import Diagnostics
import NIOCore
import ShimProtocol
import Synchronization

/// A client's connection to a container's streams. It can be made before the container runs: then it is connected
/// between the making of init and its start, and misses nothing.
final class AttachSession: StdioSession {
  let isTerminal: Bool
  private let wanted: ShimAttach
  /// Set when the container starts; a failure when it never will.
  private let stream = Latch<ShimStream>()
  private let detached = Mutex(false)
  /// What was logged before, to be delivered first.
  private let earlier: LogReplay?

  init(_ options: AttachOptions, isTerminal: Bool, earlier: LogReplay?) {
    self.isTerminal = isTerminal
    self.earlier = earlier
    wanted = ShimAttach(stdin: options.stdin, stdout: options.stdout, stderr: options.stderr)
  }

  var isDetached: Bool { detached.withLock { $0 } }

  /// Connects to the shim. Throws: `unavailable` when it is gone.
  func connect(to socket: String, on group: any EventLoopGroup) async throws {
    guard !isDetached else { return }
    do {
      let (stream, answer) = try await ShimStream.open(socket, as: .attach(wanted), on: group)
      guard case .done = answer else { throw ClassifiedError(.system, "the shim did not accept the attach") }
      self.stream.set(.success(stream))
      // A detach that came meanwhile found nothing to close.
      if isDetached { stream.close() }
    } catch {
      stream.set(.failure(error))
      throw error
    }
  }

  /// There is no live output to come: the session ends with the replay.
  func endAfterReplay() {
    stream.set(.failure(SessionEnded()))
  }

  func nextOutput() async throws -> StdioChunk? {
    if let chunk = await earlier?.next() { return chunk }
    do {
      return try await stream.value.next()
    } catch is SessionEnded {
      return nil
    }
  }

  func writeInput(_ bytes: ByteBuffer) async throws {
    guard wanted.stdin else { return }
    do {
      try await stream.value.write(bytes)
    } catch is SessionEnded {}
  }

  func closeInput() async {
    guard wanted.stdin else { return }
    // Without a stream there is no input to end.
    try? await stream.value.endInput()
  }

  func detach() async {
    detached.withLock { $0 = true }
    earlier?.finish()
    stream.set(.failure(SessionEnded()))
    // Set before: then this is the stream; else the failure of the line above.
    try? await stream.value.close()
  }
}

/// The session is over: an end, not an error.
private struct SessionEnded: Error {}
