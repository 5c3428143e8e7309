import Engine
import EngineServer
import Foundation
import NIOCore
import Testing

/// Attach and exec start: connections that leave HTTP behind.
@Suite(.timeLimit(.minutes(1))) struct TakeoverTests {
  private static let upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n"

  private func attach(_ query: String = "?stream=1&stdin=1&stdout=1", _ headers: String = upgrade) -> String {
    "POST /v1.43/containers/x/attach\(query) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\(headers)\r\n"
  }

  private func exec(_ id: String, _ body: String, _ headers: String = upgrade) -> String {
    "POST /exec/\(id)/start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
  }

  private func with(
    terminal: Bool = false, _ test: (FakeEngine, SocketClient) async throws -> Void
  ) async throws {
    let engine = FakeEngine(session: FakeSession(isTerminal: terminal))
    try await withServer(engine) { path, _ in try await test(engine, try await SocketClient(path: path)) }
  }

  @Test func upgradeGivesFramesBothWaysAndEndsWithTheOutput() async throws {
    try await with { engine, client in
      try await client.send(attach())
      let head = await client.read(until: "\r\n\r\n")
      #expect(head.hasPrefix("HTTP/1.1 101 UPGRADED\r\n"))
      #expect(head.contains("Content-Type: application/vnd.docker.multiplexed-stream\r\n"))
      #expect(head.contains("Upgrade: tcp\r\n") && head.contains("Connection: Upgrade\r\n"))
      #expect(!head.contains("Content-Length") && !head.contains("Transfer-Encoding"))
      try await client.send("hi")
      #expect(await client.read(until: ">") == "\u{1}\0\0\0\0\0\0\u{4}<hi>")
      engine.session.put("oh", on: .error)
      engine.session.end()
      #expect(await client.read() == "\u{2}\0\0\0\0\0\0\u{2}oh")
    }
  }

  @Test func inputInTheSamePacketAsTheRequestArrives() async throws {
    try await with { engine, client in
      try await client.send(attach() + "early")
      #expect(await client.read(until: "<early>").contains("101 UPGRADED"))
      engine.session.end()
      _ = await client.read()
    }
  }

  @Test func inputAndItsEndMayComeBeforeTheAnswer() async throws {
    try await with { engine, client in
      try await client.send(attach() + "all of it")
      try await client.shutOutput()
      #expect(try await engine.session.inputClosed.wait() == "all of it")
      engine.session.put("last")
      engine.session.end()
      #expect(await client.read().hasSuffix("last"))
    }
  }

  @Test func halfCloseEndsTheInputAndNotTheOutput() async throws {
    try await with(terminal: true) { engine, client in
      try await client.send(attach())
      #expect(await client.read(until: "\r\n\r\n").contains("vnd.docker.raw-stream"))
      try await client.send("x")
      #expect(await client.read(until: ">") == "<x>")
      try await client.shutOutput()
      #expect(try await engine.session.inputClosed.wait() == "x")
      engine.session.put("later")
      #expect(await client.read(until: "later") == "later")
      engine.session.end()
      #expect(await client.read().isEmpty)
    }
  }

  @Test func oldClientsGetTheirStreamWithoutUpgrade() async throws {
    try await with { engine, client in
      try await client.send(attach("?stream=1&stdin=1", ""))
      let head = await client.read(until: "\r\n\r\n")
      #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(!head.contains("Content-Length") && !head.contains("chunked"))
      try await client.send("hi")
      #expect(await client.read(until: "<hi>").hasSuffix("<hi>"))
      engine.session.end()
      #expect(await client.read().isEmpty)
    }
  }

  @Test func execMayComeThirdOnAConnection() async throws {
    try await with { engine, client in
      try await client.send("GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n")
      _ = await client.read(until: "OK")
      let create = #"{"Cmd":["true"]}"#
      try await client.send(
        "POST /containers/x/exec HTTP/1.1\r\nHost: a\r\nContent-Length: \(create.utf8.count)\r\n\r\n\(create)")
      #expect(await client.read(until: "e1").contains("201 Created"))
      try await client.send(exec("e1", #"{"Detach":false,"Tty":false}"#) + "in")
      #expect(await client.read(until: "<in>").hasPrefix("HTTP/1.1 101 UPGRADED\r\n"))
      engine.session.end()
      _ = await client.read()
    }
  }

  @Test func refusedUpgradesCloseAndOthersGoOn() async throws {
    try await with { _, client in
      // The decoder stops at an Upgrade, so this connection is of no more use.
      try await client.send(exec("gone", "{}"))
      let text = await client.read()
      #expect(text.hasPrefix("HTTP/1.1 404 ") && text.contains("Connection: close\r\n"))
    }
    try await with { _, client in
      try await client.send(exec("gone", "{}", ""))
      #expect(await client.read(until: "gone\"}\n").hasPrefix("HTTP/1.1 404 "))
      try await client.send("GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(await client.read(until: "OK").hasPrefix("HTTP/1.1 200 "))
    }
    try await with { _, client in
      try await client.send(exec("e1", #"{"Detach":true}"#, "") + "GET /_ping HTTP/1.1\r\nConnection: close\r\n\r\n")
      let text = await client.read()
      #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("OK"))
    }
  }

  @Test func aCommandThatCannotStartSaysSoInTheStream() async throws {
    try await with { _, client in
      try await client.send(exec("nocommand", "{}"))
      let text = await client.read()
      #expect(text.hasPrefix("HTTP/1.1 101 "))
      #expect(text.hasSuffix("executable file not found in $PATH\r\n"))
    }
  }

  @Test func detachKeysEndTheSession() async throws {
    try await with(terminal: true) { engine, client in
      try await client.send(attach("?stream=1&stdin=1&stdout=1&detachKeys=ctrl-x,y"))
      _ = await client.read(until: "\r\n\r\n")
      try await client.send("ab\u{18}")
      #expect(await client.read(until: "<ab>") == "<ab>")
      try await client.send("ycd")
      #expect(await client.read().isEmpty)
      #expect(engine.session.typed == "ab")
    }
  }

  @Test func aClientThatLeavesEndsItsSession() async throws {
    try await with { engine, client in
      try await client.send(attach())
      _ = await client.read(until: "\r\n\r\n")
      try await client.close()
      #expect(try await engine.session.inputClosed.wait().isEmpty)
      #expect(try await engine.session.nextOutput() == nil)
    }
  }

  @Test func lateReadersGetAllOutputAfterAHalfClose() async throws {
    try await with(terminal: true) { engine, client in
      try await client.send(attach())
      _ = await client.read(until: "\r\n\r\n")
      let line = String(repeating: "x", count: 1 << 20)
      for _ in 0..<20 { engine.session.put(line) }
      engine.session.end()
      try await client.shutOutput()
      #expect(await client.read().utf8.count == 20 << 20)
    }
  }

  /// Output goes no further than the sockets' buffers while the client does not read, and all of it arrives after.
  @Test func allOutputArrivesHoweverMuch() async throws {
    try await with(terminal: true) { engine, client in
      try await client.send(attach())
      _ = await client.read(until: "\r\n\r\n")
      let line = String(repeating: "0123456789abcdef", count: 4096)
      for _ in 0..<100 { engine.session.put(line) }
      engine.session.end()
      #expect(await client.read().utf8.count == 100 * line.utf8.count)
    }
  }
}
