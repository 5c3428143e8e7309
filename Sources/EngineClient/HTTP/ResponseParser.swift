/// The status line and headers of an answer.
public struct ResponseHead: Sendable, Equatable {
  public let status: Int
  public let reason: String
  /// In the order they came.
  public let headers: [(name: String, value: String)]

  /// The value of a header, whatever the case of its name.
  public subscript(name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }

  public static func == (left: ResponseHead, right: ResponseHead) -> Bool {
    left.status == right.status && left.reason == right.reason
      && left.headers.elementsEqual(right.headers) { $0 == $1 }
  }
}

/// Reads HTTP/1.1 answers from bytes, however they are cut into pieces. RFC 9112.
///
/// After a 101 all further bytes are body: they belong to the protocol that was switched to.
public struct ResponseParser: Sendable {
  public enum Event: Sendable, Equatable {
    case head(ResponseHead)
    case body([UInt8])
    /// The answer is complete; the next one may follow on the same connection.
    case end
  }

  private enum State: Equatable {
    case head
    case counted(Int)
    case chunkSize
    case chunk(Int)
    case chunkEnd
    case trailers
    case untilClose
  }

  private static let longestHead = 64 << 10

  private var buffer: [UInt8] = []
  private var position = 0
  private var state = State.head
  private var answersHead = false

  public init() {}

  /// Says that the next answer is to a HEAD request, which has no body whatever its headers say.
  public mutating func expectAnswerWithoutBody() {
    answersHead = true
  }

  public mutating func append(_ bytes: some Collection<UInt8>) {
    if position == buffer.count {
      buffer.removeAll(keepingCapacity: true)
      position = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// Whether the connection may close here without anything missing.
  public var mayEnd: Bool {
    state == .untilClose || (state == .head && position == buffer.count)
  }

  /// The next thing that is there in full, or nil when more bytes are needed.
  ///
  /// Throws: `EngineFault.malformed`.
  public mutating func next() throws(EngineFault) -> Event? {
    while true {
      switch state {
      case .head:
        guard let head = try readHead() else { return nil }
        if head.status == 100 || head.status == 102 || head.status == 103 { continue }
        state = try bodyState(after: head)
        answersHead = false
        return .head(head)
      case .counted(0):
        state = .head
        return .end
      case .counted(let remaining):
        guard let body = take(upTo: remaining) else { return nil }
        state = .counted(remaining - body.count)
        return .body(body)
      case .chunkSize:
        guard let line = try readLine() else { return nil }
        guard let size = Int(line.prefix { $0 != ";" && $0 != " " }, radix: 16), size >= 0 else {
          throw .malformed("chunk size '\(line)'")
        }
        state = size == 0 ? .trailers : .chunk(size)
      case .chunk(let remaining):
        guard let body = take(upTo: remaining) else { return nil }
        state = remaining == body.count ? .chunkEnd : .chunk(remaining - body.count)
        return .body(body)
      case .chunkEnd:
        guard let line = try readLine() else { return nil }
        guard line.isEmpty else { throw .malformed("no line end after a chunk") }
        state = .chunkSize
      case .trailers:
        guard let line = try readLine() else { return nil }
        if line.isEmpty {
          state = .head
          return .end
        }
      case .untilClose:
        return take(upTo: .max).map(Event.body)
      }
    }
  }

  private func bodyState(after head: ResponseHead) throws(EngineFault) -> State {
    if head.status == 101 { return .untilClose }
    if answersHead || head.status == 204 || head.status == 304 { return .counted(0) }
    if head["Transfer-Encoding"]?.lowercased().hasSuffix("chunked") == true { return .chunkSize }
    guard let length = head["Content-Length"] else { return .untilClose }
    guard let count = Int(length), count >= 0 else { throw .malformed("Content-Length '\(length)'") }
    return .counted(count)
  }

  private mutating func readHead() throws(EngineFault) -> ResponseHead? {
    let start = position
    guard let statusLine = try readLine() else { return nil }
    let words = statusLine.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      throw .malformed("status line '\(statusLine.prefix(80))'")
    }
    var headers: [(name: String, value: String)] = []
    while true {
      guard let line = try readLine() else {
        position = start
        if buffer.count - start > Self.longestHead { throw .malformed("headers without an end") }
        return nil
      }
      if line.isEmpty { break }
      guard let colon = line.firstIndex(of: ":") else { throw .malformed("header '\(line.prefix(80))'") }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      headers.append((String(line[..<colon]), String(value)))
    }
    return ResponseHead(status: status, reason: words.count > 2 ? String(words[2]) : "", headers: headers)
  }

  /// A line without its CR LF, or nil when its end is not there yet.
  private mutating func readLine() throws(EngineFault) -> String? {
    guard let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) else {
      if buffer.count - position > Self.longestHead { throw .malformed("line without an end") }
      return nil
    }
    var line = buffer[position..<end]
    position = end + 1
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return String(decoding: line, as: UTF8.self)
  }

  private mutating func take(upTo count: Int) -> [UInt8]? {
    let available = min(count, buffer.count - position)
    guard available > 0 else { return nil }
    defer { position += available }
    return Array(buffer[position..<position + available])
  }
}
