import EngineClient
import Foundation
import LinuxKernel
import Synchronization

/// A server on a unix socket that answers each connection with prepared texts, one for each request, and then closes.
final class ScriptedServer: Sendable {
  let path: String
  private let heard = Heard()

  init(_ connections: [[String]]) throws {
    // A client that has lost interest closes before it is answered.
    Signal.pipe.ignore()
    path = "/tmp/apus-client-test-\(try randomHexadecimal(bytes: 6)).sock"
    let listener = SharedDescriptor(try UnixSocket.listen(at: path, nonblocking: false))
    // The thread keeps no server: one that waits for a connection which never comes would keep the socket's file too.
    Thread.detachNewThread { [heard] in
      for answers in connections {
        guard let connection = try? listener.descriptor.accept() else { return }
        for answer in answers {
          guard let request = try? Self.request(from: connection) else { break }
          heard.requests.withLock { $0.append(request) }
          try? connection.writeAll(answer)
        }
      }
    }
  }

  deinit {
    try? HostFiles.remove(path)
  }

  /// One whole request, however many pieces it comes in; nil at the end of the connection.
  private static func request(from connection: borrowing Descriptor) throws -> String? {
    var text = ""
    while !isWhole(text) {
      let piece = try connection.read(upTo: 64 << 10)
      guard !piece.isEmpty else { return nil }
      text += String(decoding: piece, as: UTF8.self)
    }
    return text
  }

  private static func isWhole(_ text: String) -> Bool {
    guard let head = text.range(of: "\r\n\r\n") else { return false }
    let body = text[head.upperBound...]
    guard let length = text.range(of: "Content-Length: ") else { return true }
    return body.utf8.count >= Int(text[length.upperBound...].prefix { $0.isNumber }) ?? 0
  }

  private final class Heard: Sendable {
    let requests = Mutex<[String]>([])
  }

  var client: EngineClient { EngineClient(address: .unix(path: path)) }

  /// The request lines so far.
  var requestLines: [String] {
    heard.requests.withLock { $0.map { String($0.prefix { $0 != "\r\n" }) } }
  }

  /// The requests' bodies so far.
  var bodies: [Data] {
    heard.requests.withLock { requests in
      requests.compactMap { request in
        request.range(of: "\r\n\r\n").map { Data(request[$0.upperBound...].utf8) }
      }
    }
  }

  static func answer(_ status: String, _ body: String = "", headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}
