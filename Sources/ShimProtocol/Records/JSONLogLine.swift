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
  private static let replacement = [UInt8](#"\ufffd"#.utf8)
  private static let hexDigits = [UInt8]("0123456789abcdef".utf8)

  /// Copies runs of plain text at once, and looks closer only at what may need an escape.
  private static func appendEscaped(_ text: ArraySlice<UInt8>, to log: inout [UInt8]) {
    var runStart = text.startIndex
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte < 0x80 {
        if isPlain(byte) {
          index += 1
          continue
        }
        log += text[runStart..<index]
        appendEscape(byte, to: &log)
        index += 1
        runStart = index
      } else {
        let length = scalarLength(text[index...])
        if length > 0, !isLineSeparator(text[index..<(index + length)]) {
          index += length
          continue
        }
        log += text[runStart..<index]
        if length == 0 {
          log += replacement
          index += 1
        } else {
          // E2 80 A8 and E2 80 A9 are U+2028 and U+2029, which end a line in JavaScript.
          log += text[index + 2] == 0xA8 ? [UInt8](#"\u2028"#.utf8) : [UInt8](#"\u2029"#.utf8)
          index += length
        }
        runStart = index
      }
    }
    log += text[runStart..<text.endIndex]
  }

  private static func isPlain(_ ascii: UInt8) -> Bool {
    switch ascii {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): false
    default: ascii >= 0x20
    }
  }

  private static func appendEscape(_ ascii: UInt8, to log: inout [UInt8]) {
    log.append(UInt8(ascii: "\\"))
    switch ascii {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): log.append(ascii)
    case UInt8(ascii: "\n"): log.append(UInt8(ascii: "n"))
    case UInt8(ascii: "\r"): log.append(UInt8(ascii: "r"))
    default:
      log += [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")]
      log.append(hexDigits[Int(ascii >> 4)])
      log.append(hexDigits[Int(ascii & 15)])
    }
  }

  private static func isLineSeparator(_ scalar: ArraySlice<UInt8>) -> Bool {
    scalar.count == 3 && scalar.elementsEqual([0xE2, 0x80, 0xA8])
      || scalar.count == 3 && scalar.elementsEqual([0xE2, 0x80, 0xA9])
  }

  /// The length of the valid multi-byte UTF-8 sequence at the start, or 0 (Unicode 15, table 3-7).
  private static func scalarLength(_ text: ArraySlice<UInt8>) -> Int {
    let first = text[text.startIndex]
    let (length, second): (Int, ClosedRange<UInt8>)
    switch first {
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    default: return 0
    }
    guard text.count >= length, second.contains(text[text.startIndex + 1]) else { return 0 }
    for offset in 2..<max(length, 2) where text[text.startIndex + offset] & 0xC0 != 0x80 { return 0 }
    return length
  }
}
