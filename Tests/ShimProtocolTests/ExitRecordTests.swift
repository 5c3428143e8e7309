import ShimProtocol
import Testing

@Suite struct ExitRecordTests {
  @Test(arguments: [
    Samples.exit, ExitRecord(code: 0, finished: 0), ExitRecord(code: 255, finished: .max, reason: "a b  c "),
  ])
  func textSurvives(record: ExitRecord) throws {
    #expect(try ExitRecord(parsing: record.text) == record)
  }

  @Test func reasonStaysOnItsLine() throws {
    let record = ExitRecord(code: 1, finished: 1, reason: "one\ntwo\r\nend")
    #expect(try ExitRecord(parsing: record.text).reason == "one two end")
  }

  @Test func fileCutShortIsRefused() {
    let text = Samples.exit.text
    for count in 0..<(text.count - 1) {
      #expect(throws: ProtocolError.self) { try ExitRecord(parsing: text.prefix(count)) }
    }
  }

  @Test(arguments: [
    ("code 137", "code 256", "code"), ("signal 9", "signal -1", "signal"), ("yes", "maybe", "oom-killed"),
    ("exit-record 1", "exit-record 2", "exit-record"), ("finished ", "done ", "finished"),
  ])
  func wrongLineIsNamed(good: String, bad: String, field: String) throws {
    let found = try #require(Samples.exit.text.firstRange(of: good))
    var text = Samples.exit.text
    text.replaceSubrange(found, with: bad)
    #expect(throws: ProtocolError.invalidValue(field: field)) { try ExitRecord(parsing: text) }
  }
}
