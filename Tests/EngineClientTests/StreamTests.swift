import Diagnostics
import EngineClient
import Testing

@Suite struct StreamTests {
  @Test(arguments: [1, 2, 1000])
  func jsonObjectsAreCutApart(pieces: Int) {
    let text = "\u{1e}{\"a\":\"}\\\"{\"}\r\n{\"b\":[{}]}{\"c\":1}\n{\"d"
    var sequence = JSONSequence()
    var objects: [String] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      sequence.append(Array(rest.prefix(pieces))) { objects.append(String(decoding: $0, as: UTF8.self)) }
      rest = rest.dropFirst(pieces)
    }
    #expect(objects == ["{\"a\":\"}\\\"{\"}", "{\"b\":[{}]}", "{\"c\":1}"])
    #expect(!sequence.isBetweenObjects)
  }

  @Test(
    arguments: [
      ("", [16, 17]), ("ctrl-a,a", [1, 97]), ("CTRL-@", [0]), ("ctrl-[,ctrl-_", [27, 31]), ("x", [120]),
    ] as [(String, [UInt8])])
  func detachKeys(text: String, keys: [UInt8]) throws {
    #expect(try DetachKeys.parse(text) == keys)
  }

  @Test(arguments: ["ctrl-", "ctrl-1", "ab", "a,,b", "ctrl-aa"])
  func noDetachKeys(text: String) {
    #expect(throws: ClassifiedError.self) { _ = try DetachKeys.parse(text) }
  }

  @Test(
    arguments: [
      ([[1, 2, 3]], [1, 2, 3], false), ([[1, 16, 17, 5]], [1], true), ([[16], [17]], [], true),
      ([[16], [5]], [16, 5], false), ([[16, 16, 17]], [16], true), ([[16]], [], false), ([[17, 16]], [17], false),
    ] as [([[UInt8]], [UInt8], Bool)])
  func detachSequencesAreHeldBack(input: [[UInt8]], passed: [UInt8], detached: Bool) {
    var keys = DetachKeys(keys: DetachKeys.standard)
    var all: [UInt8] = []
    var ended = false
    for piece in input where !ended {
      let result = keys.filter(piece[...])
      all += result.passed
      ended = result.detached
    }
    #expect(all == passed && ended == detached)
  }
}
