import EngineClient
import Foundation
import LinuxKernel
import Synchronization

/// A server on a unix socket that answers each connection with prepared texts, one for each request, and then closes.
final class ScriptedServer: Sendable {
  let path: String
  private let requests = Mutex<[String]>([])

  init(_ connections: [[String]]) throws {
    path = "/tmp/apus-client-test-\(try randomHexadecimal(bytes: 6)).sock"
    let listener = SharedDescriptor(try UnixSocket.listen(at: path, nonblocking: false))
    Thread.detachNewThread { [self] in
      for answers in connections {
        guard let connection = try? listener.descriptor.accept() else { return }
        for answer in answers {
          guard let bytes = try? connection.read(upTo: 64 << 10), !bytes.isEmpty else { break }
          requests.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
          try? connection.writeAll(answer)
        }
      }
    }
  }

  deinit {
    try? HostFiles.remove(path)
  }

  var client: EngineClient { EngineClient(address: .unix(path: path)) }

  /// The request lines so far.
  var requestLines: [String] {
    requests.withLock { $0.map { String($0.prefix { $0 != "\r\n" }) } }
  }

  /// The requests' bodies so far.
  var bodies: [Data] {
    requests.withLock { requests in
      requests.compactMap { request in
        request.range(of: "\r\n\r\n").map { Data(request[$0.upperBound...].utf8) }
      }
    }
  }

  static func answer(_ status: String, _ body: String = "", headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}
