import LinuxKernel
import ShimProtocol
import Testing

/// The server's side of one connection, read and written as a test says.
final class ShimClient {
  private let socket: SharedDescriptor
  private var decoder = FrameDecoder<ShimEvent>()

  /// Long enough for a busy machine; only a test that fails waits so long.
  private static let patience: Int32 = 60_000

  init(_ socket: consuming Descriptor) {
    self.socket = SharedDescriptor(socket)
  }

  func send(_ request: ShimRequest) throws {
    try sendRaw(request.frame())
  }

  func sendRaw(_ bytes: [UInt8]) throws {
    try socket.descriptor.writeAll(bytes)
  }

  /// The next event; throws when the shim has closed the connection.
  func next() throws -> ShimEvent {
    while true {
      if let event = try decoder.next() { return event }
      guard try receive() else { throw ConnectionClosed() }
    }
  }

  /// Whether the shim closes the connection without another event.
  func isClosed() throws -> Bool {
    if let event = try decoder.next() { throw UnexpectedEvent(event: event) }
    return try !receive()
  }

  /// Everything up to `outputEnd`, by stream.
  func output() throws -> (output: String, error: String) {
    var streams: [OutputStream: [UInt8]] = [:]
    while true {
      switch try next() {
      case .output(let stream, let bytes): streams[stream, default: []] += bytes
      case .outputEnd:
        return (
          String(decoding: streams[.output] ?? [], as: UTF8.self),
          String(decoding: streams[.error] ?? [], as: UTF8.self)
        )
      case let event: throw UnexpectedEvent(event: event)
      }
    }
  }

  /// Output until it holds `text`.
  func output(until text: String) throws -> String {
    var bytes: [UInt8] = []
    while true {
      let event = try next()
      guard case .output(_, let more) = event else { throw UnexpectedEvent(event: event) }
      bytes += more
      let soFar = String(decoding: bytes, as: UTF8.self)
      if soFar.contains(text) { return soFar }
    }
  }

  /// The next event, which is to be `exited`.
  func exit() throws -> ExitRecord {
    let event = try next()
    guard case .exited(let record) = event else { throw UnexpectedEvent(event: event) }
    return record
  }

  /// The next event, which is to be `failed`.
  func failure() throws -> ShimFailure {
    let event = try next()
    guard case .failed(let failure) = event else { throw UnexpectedEvent(event: event) }
    return failure
  }

  private func receive() throws -> Bool {
    guard try !socket.descriptor.poll(.readable, milliseconds: Self.patience).isEmpty else { throw NothingCame() }
    let bytes = try socket.descriptor.read(upTo: 1 << 16)
    decoder.append(contentsOf: bytes)
    return !bytes.isEmpty
  }
}

extension ShimEvent {
  var exitRecord: ExitRecord? {
    if case .exited(let record) = self { record } else { nil }
  }
}

struct ConnectionClosed: Error {}
struct NothingCame: Error {}
struct UnexpectedEvent: Error {
  let event: ShimEvent
}
