import Diagnostics
import EngineAPI
import EngineClient
import Testing

@Suite struct EngineClientTests {
  @Test func requestsShareOneConnection() throws {
    let server = try ScriptedServer([
      [ScriptedServer.answer("200 OK", #"{"Version":"1"}"#), ScriptedServer.answer("204 No Content")]
    ])
    let client = server.client
    #expect(try client.serverVersion().version == "1")
    try client.startContainer("a b")
    #expect(server.requestLines == ["GET /v1.51/version HTTP/1.1", "POST /v1.51/containers/a%20b/start HTTP/1.1"])
  }

  @Test func aKeptConnectionThatWasClosedIsReplaced() throws {
    let server = try ScriptedServer([
      [ScriptedServer.answer("204 No Content")], [ScriptedServer.answer("204 No Content")],
    ])
    let client = server.client
    try client.killContainer("x", signal: nil)
    try client.killContainer("x", signal: "INT")
    #expect(server.requestLines.last == "POST /v1.51/containers/x/kill?signal=INT HTTP/1.1")
  }

  @Test func followingAContainerTakesAConnectionMadeAhead() throws {
    let server = try ScriptedServer([
      [ScriptedServer.answer("200 OK", #"{"Version":"1"}"#), "HTTP/1.1 101 UPGRADED\r\n\r\n"],
      [ScriptedServer.answer("200 OK", #"{"StatusCode":3}"#)],
    ])
    let client = server.client
    client.expectConnections(1)
    _ = try client.serverVersion()
    let (_, wait) = try client.followContainer("x", streams: [.output], detachKeys: nil, condition: "removed")
    #expect(try wait.exitCode() == 3)
    #expect(
      server.requestLines.dropFirst() == [
        "POST /v1.51/containers/x/attach?stream=1&stdout=1 HTTP/1.1",
        "POST /v1.51/containers/x/wait?condition=removed HTTP/1.1",
      ])
  }

  @Test(arguments: ["404 Not Found", "409 Conflict"])
  func aContainerThatCannotBeFollowedIsRefused(status: String) throws {
    let refusal = ScriptedServer.answer(status, #"{"message":"no"}"#)
    let server = try ScriptedServer([[ScriptedServer.answer("200 OK"), refusal], [refusal]])
    #expect(throws: EngineFault.refused(status: Int(status.prefix(3)) ?? 0, message: "no")) {
      try server.client.followContainer("x", streams: [.output], detachKeys: nil, condition: "removed")
    }
  }

  @Test func anOlderServersVersionIsTakenOver() throws {
    let refusal = ScriptedServer.answer(
      "400 Bad Request", #"{"message":"client version 1.51 is too new"}"#, headers: "Api-Version: 1.45\r\n")
    let server = try ScriptedServer([
      [refusal, ScriptedServer.answer("200 OK", "[]")]
    ])
    let client = server.client
    #expect(try client.listContainers(all: true, limit: nil, size: false, filters: Filters()).isEmpty)
    #expect(client.apiVersion == APIVersion(1, 45))
    #expect(server.requestLines.last == "GET /v1.45/containers/json?all=1 HTTP/1.1")
  }

  @Test(arguments: [
    (404, "notFound"), (409, "conflict"), (400, "invalid"), (501, "unsupported"), (500, "system"), (403, "forbidden"),
  ])
  func refusalsHaveAKindAndTheServersWords(status: Int, kind: String) throws {
    // A 400 without an older version is the server's last word.
    let ping = ScriptedServer.answer("200 OK", headers: "Api-Version: 1.51\r\n")
    let server = try ScriptedServer([[ScriptedServer.answer("\(status) X", #"{"message":"no such x"}"#), ping]])
    let fault = #expect(throws: EngineFault.self) { try server.client.renameContainer("a", to: "b") }
    #expect(fault?.kind.rawValue == kind)
    #expect(fault?.explanation == "Error response from daemon: no such x")
  }

  @Test func whatIsInThatStateAlreadyIsNoError() throws {
    let server = try ScriptedServer([["HTTP/1.1 304 Not Modified\r\n\r\n"]])
    try server.client.stopContainer("x", signal: nil, timeout: 3)
    #expect(server.requestLines == ["POST /v1.51/containers/x/stop?t=3 HTTP/1.1"])
  }

  @Test func errorsInsideAStreamAreThrown() throws {
    let body =
      "{\"status\":\"Pulling\",\"id\":\"x\"}\r\n{\"errorDetail\":{\"message\":\"gone\"},\"error\":\"gone\"}\r\n"
    let server = try ScriptedServer([[ScriptedServer.answer("200 OK", body)]])
    var seen: [String?] = []
    let fault = #expect(throws: EngineFault.self) {
      try server.client.pullImage(try ImageName("x").tagged, platform: nil, credentials: nil) { seen.append($0.status) }
    }
    #expect(seen == ["Pulling"] && fault?.serverMessage == "gone")
    #expect(server.requestLines == ["POST /v1.51/images/create?fromImage=docker.io%2Flibrary%2Fx&tag=latest HTTP/1.1"])
  }

  @Test func aCutOffAnswerIsAFault() throws {
    let server = try ScriptedServer([["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"]])
    #expect(throws: EngineFault.disconnected) { try server.client.serverVersion() }
  }

  @Test func nobodyThereSaysWhere() {
    let client = EngineClient(address: .unix(path: "/nonexistent/x.sock"))
    let fault = #expect(throws: EngineFault.self) { try client.serverVersion() }
    #expect(
      fault?.explanation
        == "Cannot connect to the Apus daemon at unix:///nonexistent/x.sock. Is the apus daemon running?")
    #expect(fault?.kind == .unavailable)
  }
}
