/// A request's body.
public enum RequestBody {
  case none
  case bytes([UInt8], contentType: String)
  /// Pieces until an empty one, sent in chunks as they come; nil: no Content-Type.
  case pieces(contentType: String?, next: () throws -> [UInt8])
}

/// One HTTP request.
struct Request {
  var method: String
  /// Path and query.
  var target: String
  var headers: [(name: String, value: String)] = []
  var body = RequestBody.none
  /// Ask to switch the connection to a raw stream. moby's attach and exec.
  var upgrades = false

  /// Request line, headers and, unless it comes in pieces, the body. RFC 9112, section 3.
  var encoded: [UInt8] {
    var text = "\(method) \(target) HTTP/1.1\r\nHost: apus\r\nUser-Agent: apus\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if upgrades { text += "Connection: Upgrade\r\nUpgrade: tcp\r\n" }
    switch body {
    case .none:
      if method != "GET", method != "HEAD", !upgrades { text += "Content-Length: 0\r\n" }
      return Array((text + "\r\n").utf8)
    case .bytes(let bytes, let contentType):
      text += "Content-Type: \(contentType)\r\nContent-Length: \(bytes.count)\r\n\r\n"
      return Array(text.utf8) + bytes
    case .pieces(let contentType, _):
      if let contentType { text += "Content-Type: \(contentType)\r\n" }
      return Array((text + "Transfer-Encoding: chunked\r\n\r\n").utf8)
    }
  }
}
