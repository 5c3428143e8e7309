import NIOCore
import Testing

@testable import EngineServer

@Suite struct DetachKeysTests {
  @Test(
    arguments: [
      ("ctrl-p,ctrl-q", [0x10, 0x11]), ("a", [0x61]), ("ctrl-@,ctrl-[,x", [0, 0x1b, 0x78]),
      ("ctrl-\\,ctrl-_", [0x1c, 0x1f]),
      ("CTRL-A", [1]),
    ] as [(String, [UInt8])])
  func spellings(text: String, bytes: [UInt8]) throws {
    #expect(try DetachKeys(text).bytes == bytes)
  }

  @Test(arguments: ["", "ab", "ctrl-", "ctrl-1", "a,,b", "ctrl-pp", "ä"])
  func misspellings(text: String) {
    #expect(throws: (any Error).self) { try DetachKeys(text) }
  }

  /// Whole and byte by byte, the process gets the same and the keys are found at the same place.
  @Test(arguments: [
    ("ctrl-p,ctrl-q", "ab\u{10}\u{11}cd", "ab", true),
    ("ctrl-p,ctrl-q", "\u{10}\u{10}\u{11}", "\u{10}", true),
    ("ctrl-p,ctrl-q", "\u{10}x\u{10}", "\u{10}x", false),
    ("a,a,b", "aaab", "a", true),
    ("a,b,a,c", "ababac", "ab", true),
    ("a,b,a,c", "abx", "abx", false),
    ("q", "no", "no", false),
  ])
  func finding(keys: String, typed: String, input: String, isDetached: Bool) throws {
    for pieces in [[ByteBuffer(string: typed)], typed.utf8.map { ByteBuffer(bytes: [$0]) }] {
      var filter = DetachKeyFilter(try DetachKeys(keys))
      var passed = ByteBuffer()
      var found = false
      for piece in pieces where !found {
        let (bytes, detached) = filter.filter(piece)
        passed.writeImmutableBuffer(bytes)
        found = detached
      }
      #expect(String(buffer: passed) == input)
      #expect(found == isDetached)
    }
  }
}
