import ShimProtocol
import Testing

@Suite struct JSONLogTests {
  /// What Docker's writer makes of each text.
  @Test(arguments: [
    ("hi", "hi"), ("", ""), ("안녕 🐦", "안녕 🐦"), (#"say "\""#, #"say \"\\\""#), ("<a&b>", #"\u003ca\u0026b\u003e"#),
    ("a\tb\rc", #"a\u0009b\rc"#), ("\u{1B}[31m\u{7F}\0", "\\u001b[31m\u{7F}\\u0000"),
    ("x\u{2028}y\u{2029}z\u{2027}", #"x\u2028y\u2029z"# + "\u{2027}"),
  ])
  func escapes(text: String, escaped: String) {
    #expect(
      line([UInt8](text.utf8)) == #"{"log":""# + escaped + #"\n","stream":"stdout","time":"1970-01-01T00:00:00Z"}"#)
  }

  @Test(
    arguments: [
      ([0xFF], 1), ([0xC0, 0x80], 2), ([0xE2, 0x80], 2), ([0xED, 0xA0, 0x80], 3), ([0xF0, 0x80, 0x80, 0x80], 4),
      ([0xF4, 0x90, 0x80, 0x80], 4), ([0xF0, 0x9F, 0x90], 3), ([0x80, 0x41, 0xC2], 3), ([0xF5], 1),
    ] as [([UInt8], Int)])
  func eachByteOutsideUTF8IsReplaced(bytes: [UInt8], replaced: Int) {
    let expected = bytes.map { $0 == 0x41 ? "A" : #"\ufffd"# }.joined()
    #expect(bytes.count == replaced)
    #expect(line(bytes).hasPrefix(#"{"log":""# + expected + #"\n""#))
  }

  /// All bytes, on their own and among others.
  @Test func binaryOutputStaysReadable() throws {
    let bytes = (0...UInt8.max).flatMap { [$0, UInt8(ascii: "x")] }
    let expected = bytes.map { byte -> String in
      switch byte {
      case 0x80...: #"\ufffd"#
      case UInt8(ascii: "\n"): #"\n"#
      case UInt8(ascii: "\r"): #"\r"#
      case UInt8(ascii: "\""): #"\""#
      case UInt8(ascii: "\\"): #"\\"#
      case UInt8(ascii: "<"): #"\u003c"#
      case UInt8(ascii: ">"): #"\u003e"#
      case UInt8(ascii: "&"): #"\u0026"#
      case ..<0x20: #"\u00"# + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      default: String(UnicodeScalar(byte))
      }
    }
    #expect(line(bytes).hasPrefix(#"{"log":""# + expected.joined() + #"\n""#))
    #expect(line([UInt8](repeating: 0, count: 5)).hasPrefix(#"{"log":""# + String(repeating: #"\u0000"#, count: 5)))
  }

  @Test func pieceHasNoNewlineAndErrorsTheirStream() {
    var log: [UInt8] = []
    let time = LogTimestamp(unixNanoseconds: 1_709_251_199_000_001_000)
    JSONLogLine.append([0x61], endsLine: false, stream: .error, time: time, to: &log)
    #expect(
      String(decoding: log, as: UTF8.self)
        == #"{"log":"a","stream":"stderr","time":"2024-02-29T23:59:59.000001Z"}"# + "\n")
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000000001Z"),
      (951_782_400_500_000_000, "2000-02-29T00:00:00.5Z"),
      (951_868_800_000_000_000, "2000-03-01T00:00:00Z"), (1_735_689_599_999_999_999, "2024-12-31T23:59:59.999999999Z"),
      (4_107_542_400_000_000_000, "2100-03-01T00:00:00Z"), (.max, "2262-04-11T23:47:16.854775807Z"),
    ] as [(Int64, String)])
  func times(unixNanoseconds: Int64, text: String) {
    #expect(String(decoding: LogTimestamp(unixNanoseconds: unixNanoseconds).text, as: UTF8.self) == text)
  }

  struct Record: Equatable {
    let text: String
    let endsLine: Bool
  }

  @Test func linesAreTheSameHoweverTheyArrive() {
    let text = "one\n\ntwo three\n" + String(repeating: "x", count: 100) + "\nlast"
    let expected = [
      Record(text: "one", endsLine: true), Record(text: "", endsLine: true), Record(text: "two three", endsLine: true),
      Record(text: String(repeating: "x", count: 100), endsLine: true), Record(text: "last", endsLine: false),
    ]
    for size in [1, 2, 5, 1000] { #expect(records(of: text, inPiecesOf: size) == expected) }
  }

  @Test(arguments: [1, 16_383, 16_384, 20_000, 65_536])
  func longLineIsCutAt16KiB(pieceSize: Int) {
    let long = String(repeating: "y", count: 2 * LogLineSplitter.maximumText + 5)
    let full = Record(text: String(repeating: "y", count: LogLineSplitter.maximumText), endsLine: false)
    #expect(
      records(of: long + "\nz\n", inPiecesOf: pieceSize)
        == [full, full, Record(text: "yyyyy", endsLine: true), Record(text: "z", endsLine: true)])
  }

  private func records(of text: String, inPiecesOf size: Int) -> [Record] {
    let bytes = [UInt8](text.utf8)
    var splitter = LogLineSplitter()
    var records: [Record] = []
    func note(_ text: ArraySlice<UInt8>, _ endsLine: Bool) {
      records.append(Record(text: String(decoding: text, as: UTF8.self), endsLine: endsLine))
    }
    for start in stride(from: 0, to: bytes.count, by: size) {
      splitter.split(bytes[start..<min(start + size, bytes.count)], record: note)
    }
    splitter.finish(record: note)
    return records
  }

  private func line(_ text: [UInt8]) -> String {
    var log: [UInt8] = []
    JSONLogLine.append(
      text[...], endsLine: true, stream: .output, time: LogTimestamp(unixNanoseconds: 0), to: &log)
    return String(decoding: log.dropLast(), as: UTF8.self)
  }
}
