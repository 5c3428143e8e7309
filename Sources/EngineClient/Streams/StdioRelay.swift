import Diagnostics
import EngineAPI
import LinuxKernel

/// How the streams of a container and of this process are joined.
public struct RelayPlan: Sendable {
  /// Which of our streams take part.
  public var streams: AttachedStreams
  /// Whether the container has a terminal: then its output is one raw stream, else it is framed.
  public var isTerminal: Bool
  /// The keys that end the relay; empty: none.
  public var detachKeys: [UInt8]

  public init(streams: AttachedStreams, isTerminal: Bool, detachKeys: [UInt8] = []) {
    self.streams = streams
    self.isTerminal = isTerminal
    self.detachKeys = detachKeys
  }
}

/// Carries bytes between this process's standard streams and a container's until the container's output ends.
///
/// Input is read only when the last piece of it has gone out, and the socket never makes us wait: a container that
/// writes while we write to it cannot lock both up.
public final class StdioRelay {
  public enum End: Sendable {
    /// The output has ended, and the container too when its end was waited for.
    case ended
    /// The user pressed the keys to detach.
    case detached
  }

  private enum Source: UInt64 {
    case stream = 1, input, signals, wait
  }

  private let stream: HijackedStream
  private let plan: RelayPlan
  private let wait: PendingWait?
  private let signals: RelaySignals?
  private let epoll: Epoll

  private var detachKeys: DetachKeys
  private var frames = RawStreamDecoder()
  /// Small until somebody fills it.
  private var buffer = [UInt8](repeating: 0, count: 4 << 10)
  /// Input that the socket has not taken yet.
  private var unsent: ArraySlice<UInt8> = []
  private var input = InputState.open
  private var outputEnded = false
  private var waitAnswered = false

  private enum InputState {
    /// To be read when the descriptor says so.
    case open
    /// A regular file: always ready, and not for epoll.
    case file
    case ended, closed
  }

  /// `wait`: go on until that answer has come, so that signals are handled up to the container's end.
  public init(_ stream: HijackedStream, _ plan: RelayPlan, wait: PendingWait? = nil, signals: RelaySignals? = nil)
    throws
  {
    self.stream = stream
    self.plan = plan
    self.wait = wait
    self.signals = signals
    detachKeys = DetachKeys(keys: plan.detachKeys)
    epoll = try Epoll()
    try stream.withSocket { socket in
      try socket.setNonblocking(true)
      try epoll.add(socket, .readable, token: Source.stream.rawValue)
    }
    try signals?.withDescriptor { try epoll.add($0, .readable, token: Source.signals.rawValue) }
    try wait?.withSocket { try epoll.add($0, .readable, token: Source.wait.rawValue) }
    // Without input of ours the container's ends at once.
    if plan.streams.contains(.input) { try watchInput() } else { input = .ended }
  }

  private func watchInput() throws {
    do throws(SystemError) {
      try epoll.add(StandardStreams.input.descriptor, .readable, token: Source.input.rawValue)
    } catch {
      guard error.kind == .forbidden else { throw error }
      input = .file
    }
  }

  /// Relays until the end. Throws what a signal's handler throws, and `SystemError` when our output cannot be written.
  public func run() throws -> End {
    try deliver(stream.takeBuffered()[...])
    if input == .ended { try sendInput() }
    while !(outputEnded && (wait == nil || waitAnswered)) {
      if input == .file, unsent.isEmpty, try readInput() { return .detached }
      let milliseconds: Int32? = input == .file && unsent.isEmpty ? 0 : nil
      for ready in try epoll.wait(milliseconds: milliseconds) {
        switch Source(rawValue: ready.token) {
        case .stream?: try serveStream(ready.events)
        case .input?: if try readInput() { return .detached }
        case .signals?: try signals?.handlePending()
        case .wait?:
          waitAnswered = true
          try wait?.withSocket { try epoll.remove($0) }
        case nil: break
        }
      }
    }
    guard plan.isTerminal || frames.isBetweenFrames else { throw EngineFault.disconnected }
    return .ended
  }

  // MARK: - From the container

  private func serveStream(_ events: Epoll.Events) throws {
    if events.contains(.writable) { try sendInput() }
    guard !events.isDisjoint(with: [.readable, .hangUp, .failure]) else { return }
    let outcome = try stream.withSocket { socket in
      do throws(SystemError) {
        return try socket.tryRead(into: &buffer)
      } catch {
        if error.errno == PeerGone.reset { return ReadOutcome.end }
        throw error
      }
    }
    switch outcome {
    case .bytes(let count):
      try deliver(buffer[..<count])
      growBuffer(after: count)
    case .wouldBlock: break
    case .end:
      outputEnded = true
      try stream.withSocket { try epoll.remove($0) }
      try stopReadingInput()
    }
  }

  private func deliver(_ bytes: ArraySlice<UInt8>) throws {
    if plan.isTerminal { return try write(bytes, to: StandardStreams.output.descriptor) }
    try frames.decode(bytes) { stream, payload in
      switch stream {
      case .output, .input: try write(payload, to: StandardStreams.output.descriptor)
      case .error: try write(payload, to: StandardStreams.error.descriptor)
      case .systemError:
        throw EngineFault.refused(status: 500, message: String(decoding: payload, as: UTF8.self))
      }
    }
  }

  private func growBuffer(after count: Int) {
    if count == buffer.count, count < 64 << 10 { buffer = [UInt8](repeating: 0, count: 64 << 10) }
  }

  private func write(_ bytes: ArraySlice<UInt8>, to descriptor: borrowing Descriptor) throws {
    var rest = bytes
    while !rest.isEmpty { rest = rest.dropFirst(try descriptor.write(rest)) }
  }

  // MARK: - To the container

  /// Reads once from our standard input. True when the user has detached.
  private func readInput() throws -> Bool {
    switch try StandardStreams.input.descriptor.tryRead(into: &buffer) {
    case .wouldBlock: return false
    case .end:
      input = input == .file ? .ended : try endWatching()
      try sendInput()
      return false
    case .bytes(let count):
      let (passed, detached) = detachKeys.filter(buffer[..<count])
      unsent = passed[...]
      growBuffer(after: count)
      try sendInput()
      if !unsent.isEmpty, input == .open { try watchInput(for: []) }
      return detached
    }
  }

  /// Sends what there is to send, and after the last of it the end.
  private func sendInput() throws {
    try stream.withSocket { socket in
      do throws(SystemError) {
        while !unsent.isEmpty {
          guard let taken = try socket.tryWrite(unsent.span) else { break }
          unsent = unsent.dropFirst(taken)
        }
        if unsent.isEmpty, input == .ended {
          try socket.shutdownWriting()
          input = .closed
        }
      } catch {
        // The container has closed its input: what is left of ours goes nowhere, its output still counts.
        guard [PeerGone.brokenPipe, PeerGone.reset, PeerGone.notConnected].contains(error.errno) else { throw error }
        unsent = []
        if input == .open { _ = try endWatching() }
        input = .closed
      }
      let events: Epoll.Events = unsent.isEmpty ? .readable : [.readable, .writable]
      if !outputEnded { try epoll.change(socket, events, token: Source.stream.rawValue) }
    }
    if unsent.isEmpty, input == .open { try watchInput(for: .readable) }
  }

  private func stopReadingInput() throws {
    if input == .open { _ = try endWatching() }
    input = .closed
  }

  private func endWatching() throws -> InputState {
    try epoll.remove(StandardStreams.input.descriptor)
    return .ended
  }

  private func watchInput(for events: Epoll.Events) throws {
    try epoll.change(StandardStreams.input.descriptor, events, token: Source.input.rawValue)
  }
}
