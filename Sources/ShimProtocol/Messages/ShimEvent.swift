public import Diagnostics

/// Which of a process's output streams bytes belong to. A terminal has only `output`.
public enum OutputStream: UInt8, Sendable, CaseIterable {
  case output = 1
  case error = 2
}

/// What a shim says to the server: answers, in the order of the requests, and events.
public enum ShimEvent: Equatable, Sendable {
  /// Init exists and waits for `start`. `steps`: what the shim did when, on CLOCK_MONOTONIC.
  case created(pid: Int32, steps: [StepTrace.Step])
  case started
  case done
  case failed(ShimFailure)
  /// Answers `control`.
  case status(ShimStatus)
  /// Bytes that the container or the exec of this connection wrote.
  case output(stream: OutputStream, bytes: [UInt8])
  /// All output of this attach or exec has been sent.
  case outputEnd
  case execStarted(pid: Int32)
  /// The container's init (on control connections) or the connection's exec has exited.
  case exited(ExitRecord)
}

/// Why the shim could not do what was asked.
public struct ShimFailure: Error, Equatable, Sendable {
  public let kind: ErrorKind
  /// One line for the user.
  public let message: String
  /// The step of the trace at which it failed.
  public let step: String

  public init(kind: ErrorKind, message: String, step: String) {
    self.kind = kind
    self.message = message
    self.step = step
  }
}

extension ShimFailure: Classifiable {
  public var explanation: String { step.isEmpty ? message : "\(step): \(message)" }
}

extension ShimEvent: ShimMessage {
  private enum Code: UInt8 {
    case created = 0x81
    case started, done, failed, status, output, outputEnd, execStarted, exited
  }

  public init(type: UInt8, payload: ArraySlice<UInt8>) throws(ProtocolError) {
    guard let code = Code(rawValue: type) else { throw .unknownType(type) }
    var reader = PayloadReader(payload)
    switch code {
    case .created:
      let pid: Int32 = try reader.integer("pid")
      self = .created(pid: pid, steps: try reader.list("steps", Self.readStep))
    case .started: self = .started
    case .done: self = .done
    case .failed:
      guard let kind = ErrorKind(rawValue: try reader.string("kind")) else { throw .invalidValue(field: "kind") }
      let message = try reader.string("message")
      self = .failed(ShimFailure(kind: kind, message: message, step: try reader.string("step")))
    case .status: self = .status(try ShimStatus(from: &reader))
    case .output:
      let stream: OutputStream = try reader.value("stream")
      self = .output(stream: stream, bytes: try reader.bytes("output"))
    case .outputEnd: self = .outputEnd
    case .execStarted: self = .execStarted(pid: try reader.integer("pid"))
    case .exited: self = .exited(try ExitRecord(from: &reader))
    }
    try reader.finish()
  }

  public func frame() throws(ProtocolError) -> [UInt8] {
    var writer = FrameWriter(type: code.rawValue)
    switch self {
    case .started, .done, .outputEnd: break
    case .created(let pid, let steps):
      writer.put(pid)
      writer.put(list: steps) { writer, step in
        writer.put(step.name)
        writer.put(step.began)
      }
    case .failed(let failure):
      writer.put(failure.kind.rawValue)
      writer.put(failure.message)
      writer.put(failure.step)
    case .status(let status): status.write(to: &writer)
    case .output(let stream, let bytes):
      writer.put(stream.rawValue)
      writer.put(bytes)
    case .execStarted(let pid): writer.put(pid)
    case .exited(let record): record.write(to: &writer)
    }
    return try writer.frame()
  }

  /// What stands in front of `count` bytes of output in an `output` frame, so that a relay can send
  /// the bytes from where they are. `count` is at most `Frame.maximumChunk`.
  public static func outputHeader(stream: OutputStream, count: Int) -> [UInt8] {
    let length = UInt32(1 + 1 + 4 + count)
    let chunk = UInt32(count)
    return [
      UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8),
      UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 24),
      Code.output.rawValue, stream.rawValue,
      UInt8(truncatingIfNeeded: chunk), UInt8(truncatingIfNeeded: chunk >> 8),
      UInt8(truncatingIfNeeded: chunk >> 16), UInt8(truncatingIfNeeded: chunk >> 24),
    ]
  }

  private static func readStep(_ reader: inout PayloadReader) throws(ProtocolError) -> StepTrace.Step {
    let name = try reader.string("step name")
    return StepTrace.Step(name: name, began: try reader.integer("step time"))
  }

  private var code: Code {
    switch self {
    case .created: .created
    case .started: .started
    case .done: .done
    case .failed: .failed
    case .status: .status
    case .output: .output
    case .outputEnd: .outputEnd
    case .execStarted: .execStarted
    case .exited: .exited
    }
  }
}
