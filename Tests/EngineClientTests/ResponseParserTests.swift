import EngineClient
import Testing

@Suite struct ResponseParserTests {
  /// Everything that the parser makes of the text, fed in pieces of so many bytes; neighbouring bodies are joined.
  private func events(_ text: String, pieces: Int) throws -> [ResponseParser.Event] {
    var parser = ResponseParser()
    var events: [ResponseParser.Event] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      parser.append(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      while let event = try parser.next() {
        if case .body(let more) = event, case .body(let before)? = events.last {
          events[events.count - 1] = .body(before + more)
        } else {
          events.append(event)
        }
      }
    }
    return events
  }

  @Test(arguments: [1, 3, 7, 1000])
  func countedBodies(pieces: Int) throws {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y:  z\r\n\r\nhello"
    let all = try events(text + text, pieces: pieces)
    let body = ResponseParser.Event.body(Array("hello".utf8))
    guard case .head(let head)? = all.first else {
      Issue.record("no head")
      return
    }
    #expect(all == [.head(head), body, .end, .head(head), body, .end])
    #expect(head.status == 200 && head.reason == "OK" && head["x-y"] == "z")
  }

  @Test(arguments: [1, 2, 5, 1000])
  func chunkedBodies(pieces: Int) throws {
    let text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n"
    let all = try events(text, pieces: pieces)
    #expect(all.count == 3 && all[1] == .body(Array("hello!".utf8)) && all[2] == .end)
  }

  @Test func answersWithoutABody() throws {
    for status in [204, 304] {
      let all = try events("HTTP/1.1 \(status) X\r\nContent-Length: 9\r\n\r\n", pieces: 1000)
      #expect(all.count == 2 && all[1] == .end)
    }
    var parser = ResponseParser()
    parser.expectAnswerWithoutBody()
    parser.append(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".utf8))
    _ = try parser.next()
    #expect(try parser.next() == .end)
  }

  @Test func afterAnUpgradeAllBytesAreBody() throws {
    let all = try events("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 UPGRADED\r\n\r\n\u{1}HTTP/1.1", pieces: 4)
    #expect(all.count == 2 && all[1] == .body(Array("\u{1}HTTP/1.1".utf8)))
  }

  @Test func aBodyWithoutLengthEndsWithTheConnection() throws {
    var parser = ResponseParser()
    parser.append(Array("HTTP/1.1 200 OK\r\n\r\nab".utf8))
    _ = try parser.next()
    #expect(try parser.next() == .body(Array("ab".utf8)))
    #expect(parser.mayEnd)
  }

  @Test func whatIsCutOffIsSeen() throws {
    var parser = ResponseParser()
    parser.append(Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel".utf8))
    while try parser.next() != nil {}
    #expect(!parser.mayEnd)
  }

  @Test(arguments: [
    "nonsense\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 x\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000),
  ])
  func malformedAnswersAreRefused(text: String) {
    #expect(throws: EngineFault.self) { _ = try events(text, pieces: 1000) }
  }
}
