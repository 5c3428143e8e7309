import Diagnostics
import LinuxKernel

/// What the creating process and the container's init say to each other, over a pair of sockets that init loses at its
/// exec. This is the whole order of it:
///
///     creation                                 init
///        │ clone ─────────────────────────────▶ │
///        │ ◀───────────────────────────── moved │   only with a user namespace that exists: init is another process
///        │                                      │ join cgroup and namespaces
///        │ ─ proceed ─────────────────────────▶ │   only with a user namespace: ids mapped, limits raised
///        │                                      │ mount, make devices, console
///        │ ◀───────────────────────────── ready │   only with prestart or createRuntime hooks
///        │ run the hooks                        │
///        │ ─ proceed ─────────────────────────▶ │
///        │                                      │ pivot, drop privileges, find the program
///        │ ◀─────────────────────────── created │   `create`: init now waits at exec.fifo
///        │ ◀──────────────────────── end of file│   `run`, `exec`: the program runs
///        │ ◀──────────────────────────── failed │   at any time, in place of the next message
enum InitMessage: Equatable {
  case proceed, ready, created
  /// Init is from here on the process of this number, a child of the creating process too.
  case moved(Int32)
  case failed(ErrorKind, String)

  fileprivate var bytes: [UInt8] {
    switch self {
    case .proceed: [UInt8(ascii: "p")]
    case .ready: [UInt8(ascii: "r")]
    case .created: [UInt8(ascii: "c")]
    case .moved(let pid): Array("m\(pid)".utf8)
    case .failed(let kind, let message):
      [UInt8(ascii: "f")] + Array(kind.rawValue.utf8) + [0] + Array(message.utf8.prefix(InitChannel.longestMessage))
    }
  }

  fileprivate init?(_ bytes: [UInt8]) {
    switch bytes.first {
    case UInt8(ascii: "p"): self = .proceed
    case UInt8(ascii: "r"): self = .ready
    case UInt8(ascii: "c"): self = .created
    case UInt8(ascii: "m"):
      guard let pid = Int32(String(decoding: bytes.dropFirst(), as: UTF8.self)) else { return nil }
      self = .moved(pid)
    case UInt8(ascii: "f"):
      let parts = bytes.dropFirst().split(separator: 0, maxSplits: 1)
      guard parts.count == 2, let kind = ErrorKind(rawValue: String(decoding: parts[0], as: UTF8.self)) else {
        return nil
      }
      self = .failed(kind, String(decoding: parts[1], as: UTF8.self))
    default: return nil
    }
  }
}

/// One end of the conversation.
struct InitChannel: ~Copyable {
  static let longestMessage = 8192

  let socket: Descriptor

  func send(_ message: InitMessage) throws(SystemError) {
    _ = try socket.send(message.bytes)
  }

  /// The next message; nil when the other side has closed.
  func receive() throws -> InitMessage? {
    let bytes = try socket.read(upTo: Self.longestMessage + 64)
    if bytes.isEmpty { return nil }
    guard let message = InitMessage(bytes) else {
      throw ClassifiedError(.system, "unexpected message between runtime and init")
    }
    return message
  }

  /// Waits for one certain message.
  ///
  /// Throws: what `failed` says, and `unavailable` when the other side has gone.
  func expect(_ expected: InitMessage) throws {
    switch try receive() {
    case expected: return
    case .failed(let kind, let message): throw ClassifiedError(kind, message)
    case nil: throw ClassifiedError(.unavailable, "the container's init ended before it was ready")
    default: throw ClassifiedError(.system, "message between runtime and init out of order")
    }
  }

  /// Waits for the number of the process that is init from here on.
  func expectMove() throws -> Int32 {
    switch try receive() {
    case .moved(let pid): return pid
    case .failed(let kind, let message): throw ClassifiedError(kind, message)
    case nil: throw ClassifiedError(.unavailable, "the container's init ended before it was ready")
    default: throw ClassifiedError(.system, "message between runtime and init out of order")
    }
  }

  /// Waits for the end of file that init's exec makes.
  func expectExecution() throws {
    switch try receive() {
    case nil: return
    case .failed(let kind, let message): throw ClassifiedError(kind, message)
    default: throw ClassifiedError(.system, "message between runtime and init out of order")
    }
  }
}
