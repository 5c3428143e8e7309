/// One record of Docker's json-file log: `{"log":"text\n","stream":"stdout","time":"…"}` and a newline.
///
/// The escapes are those of Docker's writer (Go's `encoding/json` with HTML escaping): `<`, `>`, `&`, U+2028,
/// U+2029 and control characters become `\u00XX`, newline and carriage return `\n` and `\r`, and each byte that is
/// not part of valid UTF-8 becomes `\ufffd`.
public enum JSONLogLine {
  /// Appends the record of a line, or of a piece of one (`endsLine` false), to `log`.
  public static func append(
    _ text: ArraySlice<UInt8>, endsLine: Bool, stream: OutputStream, time: LogTimestamp, to log: inout [UInt8]
  ) {
    log += opening
    appendEscaped(text, to: &log)
    if endsLine { log += escapedNewline }
    log += stream == .output ? outputStream : errorStream
    log += time.text
    log += closing
  }

  private static let opening = [UInt8](#"{"log":""#.utf8)
  private static let escapedNewline = [UInt8](#"\n"#.utf8)
  private static let outputStream = [UInt8](#"","stream":"stdout","time":""#.utf8)
  private static let errorStream = [UInt8](#"","stream":"stderr","time":""#.utf8)
  private static let closing = [UInt8]("\"}\n".utf8)
  /// What each byte becomes that does not stand for itself; empty for those that do, and for those that begin a longer
  /// UTF-8 sequence. Made once: binary output is nothing but escapes.
  private static let escapes: [[UInt8]] = (0...UInt8.max).map { byte in
    switch byte {
    case UInt8(ascii: "\""): [UInt8](#"\""#.utf8)
    case UInt8(ascii: "\\"): [UInt8](#"\\"#.utf8)
    case UInt8(ascii: "\n"): [UInt8](#"\n"#.utf8)
    case UInt8(ascii: "\r"): [UInt8](#"\r"#.utf8)
    case ..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
      [UInt8]((byte < 0x10 ? #"\u000"# : #"\u00"#).utf8) + [UInt8](String(byte, radix: 16).utf8)
    case 0x80..<0xC2, 0xF5...: replacement
    default: []
    }
  }
  private static let replacement = [UInt8](#"\ufffd"#.utf8)
  // E2 80 A8 and E2 80 A9, which end a line in JavaScript.
  private static let lineSeparator = [UInt8](#"\u2028"#.utf8)
  private static let paragraphSeparator = [UInt8](#"\u2029"#.utf8)

  /// Copies runs of plain text at once, and an escape whole from the table.
  private static func appendEscaped(_ text: ArraySlice<UInt8>, to log: inout [UInt8]) {
    let escapes = Self.escapes
    let end = text.endIndex
    var runStart = text.startIndex
    var index = runStart
    while index < end {
      let byte = text[index]
      var escape = escapes[Int(byte)]
      var length = 1
      if byte >= 0xC2, escape.isEmpty { (escape, length) = sequence(in: text, at: index) }
      if !escape.isEmpty {
        if runStart < index { log += text[runStart..<index] }
        log += escape
        runStart = index + length
      }
      index += length
    }
    if runStart < end { log += text[runStart..<end] }
  }

  /// The escape, if it needs one, and the length of the UTF-8 sequence that begins at `start` with a byte from C2 to F4.
  private static func sequence(in text: ArraySlice<UInt8>, at start: Int) -> (escape: [UInt8], length: Int) {
    let first = text[start]
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard text.endIndex - start >= length else { return (replacement, 1) }
    let second = text[start + 1]
    // Unicode 15, table 3-7: no longer forms than needed, no surrogates, nothing beyond U+10FFFF.
    let least: UInt8 = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
    let most: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
    guard second >= least, second <= most else { return (replacement, 1) }
    for offset in 2..<max(length, 2) where text[start + offset] & 0xC0 != 0x80 { return (replacement, 1) }
    if first == 0xE2, second == 0x80 {
      if text[start + 2] == 0xA8 { return (lineSeparator, 3) }
      if text[start + 2] == 0xA9 { return (paragraphSeparator, 3) }
    }
    return ([], length)
  }
}
