import LinuxKernel

/// One connection to the server, used by one request at a time. All calls wait.
final class Connection {
  let socket: Descriptor
  private var parser = ResponseParser()
  /// Small at first: most answers are, and the kernel clears each page that is touched.
  private var buffer = [UInt8](repeating: 0, count: 4 << 10)
  /// Whether any byte of an answer has come; until then a request on a kept connection may be tried on another.
  private(set) var hasReceived = false
  /// Whether the next request can go out here.
  private(set) var isReusable = true

  init(_ socket: consuming Descriptor) {
    self.socket = socket
  }

  /// Sends a request. A server that refuses early stops reading: its answer is what counts then.
  func send(_ request: Request) throws {
    hasReceived = false
    isReusable = false
    if request.method == "HEAD" { parser.expectAnswerWithoutBody() }
    do throws(SystemError) {
      try sendAll(request.encoded)
    } catch {
      if error.errno == PeerGone.brokenPipe || error.errno == PeerGone.reset { throw EngineFault.disconnected }
      throw error
    }
    guard case .pieces(_, let next) = request.body else { return }
    while true {
      let piece = try next()
      do throws(SystemError) {
        try sendAll(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
      } catch {
        if error.errno == PeerGone.brokenPipe || error.errno == PeerGone.reset { return }
        throw error
      }
      if piece.isEmpty { return }
    }
  }

  private func sendAll(_ bytes: [UInt8]) throws(SystemError) {
    var sent = try socket.send(bytes)
    while sent < bytes.count { sent += try socket.send(Array(bytes[sent...])) }
  }

  /// The head of the answer to the request sent last.
  func receiveHead() throws -> ResponseHead {
    while true {
      if case .head(let head)? = try parser.next() {
        keepsAlive = head["Connection"]?.lowercased() != "close" && head.status != 101
        return head
      }
      guard try receive() else { throw EngineFault.disconnected }
    }
  }

  private var keepsAlive = true

  /// The next piece of the body, or nil at its end.
  func receiveBody() throws -> [UInt8]? {
    while true {
      switch try parser.next() {
      case .body(let piece)?: return piece
      case .end?:
        isReusable = keepsAlive
        return nil
      case .head?: throw EngineFault.malformed("a second answer to one request")
      case nil:
        guard try receive() else {
          if parser.mayEnd { return nil }
          throw EngineFault.disconnected
        }
      }
    }
  }

  /// What has come of the body, without waiting; and whether that is its end.
  func takeAvailableBody() throws -> (bytes: [UInt8], isOver: Bool) {
    var bytes: [UInt8] = []
    while let event = try parser.next() {
      guard case .body(let piece) = event else {
        isReusable = keepsAlive
        return (bytes, true)
      }
      bytes += piece
    }
    return (bytes, false)
  }

  /// The same after one read, which waits when nothing has come.
  func receiveAvailableBody() throws -> (bytes: [UInt8], isOver: Bool) {
    if try receive() { return try takeAvailableBody() }
    guard parser.mayEnd else { throw EngineFault.disconnected }
    return ([], true)
  }

  /// The whole body. Throws: `EngineFault.malformed` for more than `limit` bytes.
  func receiveWholeBody(limit: Int = 256 << 20) throws -> [UInt8] {
    var body: [UInt8] = []
    while let piece = try receiveBody() {
      body += piece
      if body.count > limit { throw EngineFault.malformed("an answer of more than \(limit) bytes") }
    }
    return body
  }

  /// Bytes after a 101 that came together with its head.
  func takeBufferedBody() throws -> [UInt8] {
    var bytes: [UInt8] = []
    while case .body(let piece)? = try parser.next() { bytes += piece }
    return bytes
  }

  /// Reads once; false at the end of the connection.
  private func receive() throws -> Bool {
    let count: Int
    do throws(SystemError) {
      count = try socket.read(into: &buffer)
    } catch {
      if error.errno == PeerGone.reset { return false }
      throw error
    }
    if count > 0 { hasReceived = true }
    parser.append(buffer[..<count])
    if count == buffer.count, count < 64 << 10 { buffer = [UInt8](repeating: 0, count: 64 << 10) }
    return count > 0
  }
}

/// The error numbers that say that the other side is gone. errno(3).
enum PeerGone {
  static let brokenPipe: Int32 = 32
  static let reset: Int32 = 104
  static let notConnected: Int32 = 107
}
