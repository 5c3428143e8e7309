import Diagnostics
import Glibc
import LinuxKernel
import SeccompFilter

/// What the creating process and the container's init say to each other, over a pair of sockets that init loses at its
/// exec. This is the whole order of it:
///
///     creation                                 init
///        │ clone ─────────────────────────────▶ │
///        │ make the cgroup                      │ make the network namespace
///        │ ─ proceed ─────────────────────────▶ │
///        │                                      │ join cgroup and namespaces
///        │ ◀───────────────────────────── moved │   only with a user namespace that exists: init is another process
///        │ ─ proceed ─────────────────────────▶ │   only with a user namespace: ids mapped, limits raised
///        │ compile the filter                   │ mount, make devices, console
///        │ ─ filter ──────────────────────────▶ │   only with a seccomp profile
///        │ ◀───────────────────────────── ready │   only with prestart or createRuntime hooks
///        │ run the hooks                        │
///        │ ─ proceed ─────────────────────────▶ │
///        │                                      │ pivot, drop privileges, find the program
///        │ ◀─────────────────────────── created │   `create`: init now waits at exec.fifo
///        │ ◀──────────────────────── end of file│   `run`, `exec`: the program runs
///        │ ◀──────────────────────────── failed │   at any time, in place of the next message
enum InitMessage: Equatable {
  case proceed, ready, created
  case filter(FilterProgram)
  /// Init is from here on the process of this number, a child of the creating process too.
  case moved(Int32)
  case failed(ErrorKind, String)

  fileprivate var bytes: [UInt8] {
    switch self {
    case .proceed: [UInt8(ascii: "p")]
    case .ready: [UInt8(ascii: "r")]
    case .created: [UInt8(ascii: "c")]
    case .filter(let program): [UInt8(ascii: "b")] + program.bytes
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
    case UInt8(ascii: "b"):
      guard let program = FilterProgram(bytes: bytes.dropFirst()) else { return nil }
      self = .filter(program)
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
  /// Of an error, in bytes.
  static let longestMessage = 8192
  /// Of a message with a filter.
  private static let longestFilter = 8 * FilterProgram.maximumLength + 64

  let socket: Descriptor

  /// Throws: what the other side says went wrong, when it has ended.
  func send(_ message: InitMessage) throws {
    do throws(SystemError) {
      _ = try socket.send(message.bytes)
    } catch {
      if error.errno == EPIPE, case .failed(let kind, let text) = try receive() {
        throw ClassifiedError(kind, text)
      }
      throw error
    }
  }

  /// The next message; nil when the other side has closed.
  private func receive(upTo longest: Int = longestMessage + 64) throws -> InitMessage? {
    let bytes = try readPacket(upTo: longest)
    if bytes.isEmpty { return nil }
    guard let message = InitMessage(bytes) else {
      throw ClassifiedError(.system, "unexpected message between runtime and init")
    }
    return message
  }

  /// A side that ends with something unread resets the connection, and the kernel tells of that before it gives out what
  /// that side has said last: its error.
  private func readPacket(upTo longest: Int) throws(SystemError) -> [UInt8] {
    do {
      return try socket.read(upTo: longest)
    } catch {
      guard error.errno == ECONNRESET else { throw error }
      return try socket.read(upTo: longest)
    }
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

  /// Waits for the filter of system calls. Throws: as `expect`.
  func expectFilter() throws -> FilterProgram {
    switch try receive(upTo: Self.longestFilter) {
    case .filter(let program): return program
    case nil: throw ClassifiedError(.unavailable, "the container's runtime ended before its init was ready")
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
