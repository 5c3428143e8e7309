import Diagnostics
import NIOCore
import NIOHTTP1
import Testing

@testable import EngineServer

@Suite struct ErrorReplyTests {
  @Test func everyKindHasItsStatus() {
    let table: [ErrorKind: UInt] = [
      .notFound: 404, .invalid: 400, .conflict: 409, .notModified: 304, .forbidden: 403, .unauthorized: 401,
      .unsupported: 501, .unavailable: 503, .cancelled: 500, .dataLoss: 500, .system: 500,
    ]
    for kind in ErrorKind.allCases { #expect(HTTPResponseStatus(kind).code == table[kind]) }
  }

  @Test func notModifiedHasNoBody() {
    #expect(ErrorReply(ClassifiedError(.notModified, "is running")).headers.isEmpty)
    let reply = ErrorReply(ClassifiedError(.notFound, "No such container: x"))
    #expect(String(buffer: reply.body) == "{\"message\":\"No such container: x\"}\n")
  }
}
