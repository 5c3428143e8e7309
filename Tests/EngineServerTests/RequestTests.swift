import Engine
import EngineAPI
import EngineServer
import Foundation
import NIOCore
import Testing

/// Plain requests and answers over a real socket.
@Suite(.timeLimit(.minutes(1))) struct RequestTests {
  private func get(_ path: String, _ headers: String = "", method: String = "GET", body: String = "") -> String {
    let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
    return "\(method) \(path) HTTP/1.1\r\nHost: apus\r\nConnection: close\r\n\(length)\(headers)\r\n\(body)"
  }

  private func answer(_ request: String, _ engine: FakeEngine = FakeEngine()) async throws -> String {
    let box = Answer()
    try await withServer(engine) { path, _ in box.text = try await SocketClient(path: path).exchange(request) }
    return box.text
  }

  private final class Answer: @unchecked Sendable { var text = "" }

  @Test(arguments: ["GET", "HEAD"]) func pingTellsWhatClientsNegotiate(method: String) async throws {
    let text = try await answer(get("/_ping", method: method))
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    for line in [
      "Api-Version: 1.51", "Ostype: linux", "Docker-Experimental: false", "Builder-Version: 1", "Swarm: inactive",
      "Cache-Control: no-cache, no-store, must-revalidate", "Server: Apus/test (linux)", "Content-Length: 2",
    ] { #expect(text.contains(line + "\r\n"), "\(line)") }
    #expect(text.hasSuffix(method == "GET" ? "\r\n\r\nOK" : "\r\n\r\n"))
  }

  @Test(arguments: [
    ("GET", "/v1.99/info", "400", "client version 1.99 is too new. Maximum supported API version is 1.51"),
    ("GET", "/v1.9/info", "400", "client version 1.9 is too old. Minimum supported API version is 1.24"),
    ("GET", "/nothing", "404", "page not found"),
    ("PUT", "/info", "404", "page not found"),
    ("GET", "/info", "500", "no information"),
    ("GET", "/v1.41/containers/x/json", "404", "No such container: x"),
    ("POST", "/containers/x/kill", "409", "x: is not running"),
    ("GET", "/networks/missing", "404", "network missing not found"),
    ("GET", "/volumes", "501", "volumes are not supported yet"),
    ("GET", "/containers/x/logs", "400", "you must choose at least one stream"),
    ("GET", "/containers/missing/stats", "404", "No such container: missing"),
    ("GET", "/containers/x/stats?one-shot=1", "400", "cannot have stream=true and one-shot=true"),
    ("POST", "/containers/x/wait?condition=never", "400", "invalid condition: \\\"never\\\""),
    ("POST", "/containers/x/resize?h=1", "400", "must hold the terminal's rows and columns"),
    ("POST", "/images/create?fromImage=missing", "404", "manifest unknown"),
    ("POST", "/images/create?fromImage=private", "500", "no basic auth credentials"),
    ("GET", "/containers/json?filters=nonsense", "400", "invalid filters nonsense"),
    ("GET", "/a%zz", "400", "malformed path"),
    ("GET", "/images/x/get?platform=%7B%7D", "501", "the query platform is not supported yet"),
  ])
  func errorsAreMessages(method: String, path: String, status: String, message: String) async throws {
    let text = try await answer(get(path, method: method))
    #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)")
    #expect(text.contains("Content-Type: application/json\r\n"))
    #expect(text.contains("{\"message\":\"") && text.contains(message), "\(text)")
  }

  @Test func readingsComeAsAStreamOrOnce() async throws {
    let engine = FakeEngine()
    let stream = try await answer(get("/containers/x/stats"), engine)
    #expect(stream.contains("Transfer-Encoding: chunked\r\n") && stream.split(separator: "\"precpu_stats\"").count == 3)
    let once = try await answer(get("/containers/x/stats?stream=false"), engine)
    #expect(once.contains("Content-Length: ") && once.split(separator: "\"precpu_stats\"").count == 2)
    _ = try await answer(get("/containers/x/stats?stream=0&one-shot=true"), engine)
    #expect(engine.calls == ["statistics oneShot=false", "statistics oneShot=true"])
  }

  @Test func anUpdateSaysItsWarnings() async throws {
    let engine = FakeEngine()
    let text = try await answer(
      get("/containers/x/update", method: "POST", body: "{\"Memory\":5,\"PidsLimit\":null,\"Unknown\":1}"), engine)
    #expect(text.hasPrefix("HTTP/1.1 200 ") && text.hasSuffix("{\"Warnings\":null}\n"))
    #expect(engine.calls == ["update x memory=5 pids=0"])
  }

  @Test func notModifiedHasNoBody() async throws {
    let text = try await answer(get("/containers/x/start", method: "POST"))
    #expect(text.hasPrefix("HTTP/1.1 304 Not Modified\r\n"))
    #expect(text.hasSuffix("\r\n\r\n"))
    #expect(!text.contains("Content-Length"))
  }

  @Test func documentsAreReadAndChecked() async throws {
    let engine = FakeEngine()
    let body = #"{"Image":"busybox"}"#
    let json = "Content-Type: application/json\r\n"
    #expect(
      try await answer(get("/containers/create?name=a", json, method: "POST", body: body), engine).contains("201"))
    #expect(engine.calls == ["create a busybox"])
    for (headers, body, words) in [
      (json, "{", "invalid JSON"), ("Content-Type: text/plain\r\n", body, "must be 'application/json'"),
      (json + "Content-Encoding: gzip\r\n", body, "content encoding gzip"),
    ] {
      #expect(try await answer(get("/containers/create", headers, method: "POST", body: body)).contains(words))
    }
  }

  @Test func versionsShapeTheAnswers() async throws {
    #expect(try await answer(get("/v1.43/images/json")).contains("\"VirtualSize\":5"))
    #expect(try await !answer(get("/v1.44/images/json")).contains("VirtualSize"))
  }

  @Test func pullsReportLateErrorsInTheStream() async throws {
    let engine = FakeEngine()
    let credentials = Data(#"{"username":"ann","password":"p?>"}"#.utf8).base64EncodedString()
      .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
    let text = try await answer(
      get("/images/create?fromImage=broken&tag=sha256:ab", "X-Registry-Auth: \(credentials)\r\n", method: "POST"),
      engine)
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(text.contains("Transfer-Encoding: chunked\r\n"))
    #expect(text.contains(#""errorDetail":{"message":"wrong digest"}"#))
    #expect(text.hasSuffix("\r\n0\r\n\r\n"))
    #expect(engine.calls == ["pull broken@sha256:ab as ann"])
  }

  @Test func brokenArchivesBreakOff() async throws {
    let text = try await answer(get("/images/x/get"))
    #expect(text.contains("some of it"))
    #expect(!text.hasSuffix("0\r\n\r\n"))
  }

  @Test func logsAreFramedWithoutATerminal() async throws {
    let framed = try await answer(get("/containers/x/logs?stderr=1"))
    #expect(framed.contains("Content-Type: application/vnd.docker.multiplexed-stream\r\n"))
    #expect(framed.contains("\u{2}\0\0\0\0\0\0\u{5}line\n"))
    #expect(framed.contains("\u{3}\0\0\0\0\0\0"))
    let raw = try await answer(get("/containers/tty/logs?stderr=1"))
    #expect(raw.contains("Content-Type: application/vnd.docker.raw-stream\r\n"))
    #expect(!raw.contains("\u{2}\0\0\0"))
  }

  @Test func waitSendsItsHeadAtOnce() async throws {
    let engine = FakeEngine()
    try await withServer(engine) { path, _ in
      let client = try await SocketClient(path: path)
      try await client.send(get("/containers/x/wait?condition=next-exit", method: "POST"))
      #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
      engine.exit.fire(ContainerWait.Exit(code: 3, error: nil))
      #expect(await client.read().contains("{\"StatusCode\":3}\n"))
    }
  }

  @Test func eventsEndWhenTheClientLeaves() async throws {
    let engine = FakeEngine()
    try await withServer(engine) { path, _ in
      let client = try await SocketClient(path: path)
      try await client.send(get("/events"))
      #expect(await client.read(until: "\"Action\":\"start\"").contains("application/json"))
      try await client.close()
      try await engine.cancelled.wait()
    }
  }

  @Test func requestsMayComeAllAtOnce() async throws {
    try await withServer { path, _ in
      let client = try await SocketClient(path: path)
      let ping = "GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n"
      let create = "POST /containers/create HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
      let text = try await client.exchange(ping + create + ping + get("/v1.41/_ping"))
      #expect(text.components(separatedBy: "HTTP/1.1 ").count == 5)
      #expect(text.components(separatedBy: "\r\n\r\nOK").count == 4)
      #expect(text.contains("\"Id\":\"1234\""))
    }
  }

  /// More requests than fit anywhere, from a client that reads only afterwards, and all are answered in order.
  @Test func aFloodOfRequestsIsAnswered() async throws {
    try await withServer { path, _ in
      let client = try await SocketClient(path: path)
      let count = 5000
      client.push(ByteBuffer(repeating: Array("GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n".utf8), times: count))
      client.push(ByteBuffer(string: get("/nothing")))
      let text = await client.read()
      #expect(text.components(separatedBy: "\r\n\r\nOK").count == count + 1)
      #expect(text.hasSuffix("page not found\"}\n"))
    }
  }

  @Test func aHalfClosedClientIsStillAnswered() async throws {
    try await withServer { path, _ in
      let client = try await SocketClient(path: path)
      try await client.send("GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n")
      try await client.shutOutput()
      #expect(await client.read().hasSuffix("OK"))
    }
  }

  @Test func bodiesOfAnySizeStream() async throws {
    let engine = FakeEngine()
    try await withServer(engine) { path, _ in
      let client = try await SocketClient(path: path)
      let size = 3 << 20
      try await client.send(
        "POST /images/load HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
          + "Content-Length: \(size)\r\n\r\n")
      #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 Continue\r\n"))
      client.push(ByteBuffer(repeating: 7, count: size))
      #expect(await client.read().contains("Loaded \(size) bytes"))
    }
  }

  @Test func whatNobodyReadsIsDropped() async throws {
    try await withServer { path, _ in
      let client = try await SocketClient(path: path)
      // Small: the connection goes on. Large: it ends, with the answer delivered.
      try await client.send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n")
      client.push(ByteBuffer(repeating: 7, count: 50000))
      #expect(await client.read(until: "page not found\"}\n").contains("404"))
      try await client.send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")
      client.push(ByteBuffer(repeating: 7, count: 50_000_000))
      #expect(await client.read().contains("page not found"))
    }
  }

  @Test func documentsHaveALimit() async throws {
    try await withServer { path, _ in
      let client = try await SocketClient(path: path)
      let size = 17 << 20
      try await client.send("POST /containers/create HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
      client.push(ByteBuffer(repeating: 32, count: size))
      #expect(await client.read().contains("longer than 16777216 bytes"))
    }
  }

  @Test(arguments: [
    ("GET /_ping HTTP/1.1\r\nX: \(String(repeating: "a", count: 300_000))\r\n\r\n", "431"),
    ("GET /\(String(repeating: "a", count: 300_000)) HTTP/1.1\r\n\r\n", "431"),
    ("nonsense\r\n\r\n", "400"),
    ("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
  ])
  func whatIsNotARequestIsRefused(request: String, status: String) async throws {
    try await withServer { path, _ in
      let client = try await SocketClient(path: path)
      client.push(ByteBuffer(string: request))
      #expect(await client.read().hasPrefix("HTTP/1.1 \(status) "))
    }
  }
}

extension ByteBuffer {
  fileprivate init(repeating bytes: [UInt8], times: Int) {
    self.init()
    for _ in 0..<times { writeBytes(bytes) }
  }
}
