import Diagnostics
import EngineServer
import Foundation
import LinuxKernel
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct ListeningTests {
  private let ping = "GET /_ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

  @Test func theSocketIsOpenToItsGroupOnly() async throws {
    try await withServer { path, server in
      let status = try HostFiles.status(path)
      #expect(status.kind == .socket)
      #expect(status.permissions & 0o777 == 0o660)
      await server.shutDown()
      #expect(try !HostFiles.exists(path))
    }
  }

  @Test func aLiveServerIsNotPushedAside() async throws {
    try await withServer { path, _ in
      await #expect {
        try await withServer { _, second in try await second.listen(on: .unix(path: path)) }
      } throws: { errorKind(of: $0) == .conflict && "\($0)".contains("another server is listening") }
      let answer = try await SocketClient(path: path).exchange(ping)
      #expect(answer.hasSuffix("OK"))
    }
  }

  @Test func aDeadServersSocketIsReplaced() async throws {
    try await withServer { path, server in
      let dead = path + "2"
      do { _ = try UnixSocket.listen(at: dead) }
      #expect(try HostFiles.exists(dead))
      try await server.listen(on: .unix(path: dead))
      let answer = try await SocketClient(path: dead).exchange(ping)
      #expect(answer.hasSuffix("OK"))
    }
  }

  @Test func whatIsNoSocketStays() async throws {
    try await withServer { path, server in
      let file = path + "-file"
      try HostFiles.replace(file, with: [1])
      await #expect { try await server.listen(on: .unix(path: file)) } throws: { errorKind(of: $0) == .conflict }
      #expect(try HostFiles.read(file) == [1])
      try HostFiles.remove(file)
    }
  }

  @Test(arguments: [
    ("Host: localhost:2375\r\n", "200"), ("Host: 127.0.0.1\r\n", "200"), ("Host: [::1]:1\r\n", "200"),
    ("Host: evil.example\r\n", "403"), ("Host: localhost\r\nOrigin: http://evil.example\r\n", "403"),
    ("Host: localhost\r\nSec-Fetch-Site: cross-site\r\n", "403"),
  ])
  func webPagesAreKeptOut(headers: String, status: String) async throws {
    try await withServer { _, server in
      let address = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0))
      guard case .tcp(_, let port) = address else { throw ClassifiedError(.system, "\(address)") }
      let client = try await SocketClient(port: port)
      let answer = try await client.exchange("GET /_ping HTTP/1.1\r\n\(headers)Connection: close\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
    }
  }

  @Test func aTakenPortIsAConflict() async throws {
    try await withServer { _, server in
      let address = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0))
      await #expect { try await server.listen(on: address) } throws: { errorKind(of: $0) == .conflict }
    }
  }

  @Test func aHeadThatNeverEndsIsRefused() async throws {
    try await withServer(headTimeout: .milliseconds(20)) { path, _ in
      let client = try await SocketClient(path: path)
      #expect(try await client.exchange("GET /_ping HTTP/1.1\r\nHost: a\r\n").hasPrefix("HTTP/1.1 408 "))
      // One that has asked may take its time before it asks again.
      let second = try await SocketClient(path: path)
      try await second.send("GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(await second.read(until: "OK").hasSuffix("OK"))
      #expect(try await second.exchange(ping).hasSuffix("OK"))
    }
  }
}
