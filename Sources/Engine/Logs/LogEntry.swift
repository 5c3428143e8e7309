import NIOCore

/// One line of a json-file log: what a process wrote, on which stream, and when.
struct LogEntry: Sendable, Equatable {
  let stream: StdioStream
  let time: Timestamp
  let text: [UInt8]

  /// Reads one line without its newline; nil when it is no entry (torn by a power cut, say).
  ///
  /// The shim writes the keys `log`, `stream`, `time`; other keys, which other engines add, are passed over.
  init?(line: ArraySlice<UInt8>) {
    var scanner = LogScanner(bytes: line)
    guard scanner.take(UInt8(ascii: "{")) else { return nil }
    var text: [UInt8]?
    var stream: StdioStream?
    var time: Timestamp?
    repeat {
      guard let key = scanner.string(), scanner.take(UInt8(ascii: ":")) else { return nil }
      switch String(decoding: key, as: UTF8.self) {
      case "log": text = scanner.string()
      case "stream":
        guard let name = scanner.string() else { return nil }
        stream = name == Array("stderr".utf8) ? .error : .output
      case "time":
        guard let value = scanner.string() else { return nil }
        time = Timestamp(rfc3339: String(decoding: value, as: UTF8.self))
      default:
        guard scanner.skipValue() else { return nil }
      }
    } while scanner.take(UInt8(ascii: ","))
    guard scanner.take(UInt8(ascii: "}")), let text, let stream, let time else { return nil }
    self.text = text
    self.stream = stream
    self.time = time
  }
}

/// Just enough JSON for a log line.
private struct LogScanner {
  var bytes: ArraySlice<UInt8>

  mutating func take(_ byte: UInt8) -> Bool {
    guard bytes.first == byte else { return false }
    bytes.removeFirst()
    return true
  }

  /// A string's bytes with its escapes undone. RFC 8259, section 7.
  mutating func string() -> [UInt8]? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    while true {
      guard let stop = bytes.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
        return nil
      }
      text.append(contentsOf: bytes[..<stop])
      let mark = bytes[stop]
      bytes = bytes[(stop + 1)...]
      if mark == UInt8(ascii: "\"") { return text }
      guard escape(into: &text) else { return nil }
    }
  }

  private mutating func escape(into text: inout [UInt8]) -> Bool {
    guard let letter = bytes.popFirst() else { return false }
    switch letter {
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "u"):
      guard var unit = hexadecimal() else { return false }
      if (0xD800..<0xDC00).contains(unit) {
        // A high surrogate: its low half must follow.
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let low = hexadecimal(),
          (0xDC00..<0xE000).contains(low)
        else { return false }
        unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(unit) else { return false }
      text.append(contentsOf: Character(scalar).utf8)
    default: text.append(letter)
    }
    return true
  }

  private mutating func hexadecimal() -> UInt32? {
    guard bytes.count >= 4 else { return nil }
    let digits = bytes.prefix(4)
    bytes = bytes.dropFirst(4)
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  /// Passes over a string, or an object or list without braces in its strings.
  mutating func skipValue() -> Bool {
    if bytes.first == UInt8(ascii: "\"") { return string() != nil }
    var depth = 0
    while let byte = bytes.first {
      switch byte {
      case UInt8(ascii: "\""):
        guard string() != nil else { return false }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return true }
        depth -= 1
      case UInt8(ascii: ","): if depth == 0 { return true }
      default: break
      }
      bytes.removeFirst()
    }
    return false
  }
}
