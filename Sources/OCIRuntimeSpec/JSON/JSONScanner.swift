/// The one pass over a JSON text (RFC 8259) that fills a `JSONDocument`.
struct JSONScanner {
  /// Deeper nesting than any configuration has; guards the stack against hostile input.
  static let maximumDepth = 128

  private let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func scanDocument(into nodes: inout [JSONDocument.Node]) throws(JSONError) {
    try scanValue(into: &nodes, depth: 0)
    skipWhitespace()
    guard position == bytes.count else { throw unexpected("text after the end of the value") }
  }

  private mutating func scanValue(into nodes: inout [JSONDocument.Node], depth: Int) throws(JSONError) {
    guard depth < Self.maximumDepth else { throw unexpected("values nested too deeply") }
    skipWhitespace()
    guard position < bytes.count else { throw unexpected("unexpected end of JSON input") }
    switch bytes[position] {
    case UInt8(ascii: "{"): try scanObject(into: &nodes, depth: depth)
    case UInt8(ascii: "["): try scanArray(into: &nodes, depth: depth)
    case UInt8(ascii: "\""): try scanString(into: &nodes)
    case UInt8(ascii: "t"): try scanWord("true", .bool, into: &nodes)
    case UInt8(ascii: "f"): try scanWord("false", .bool, into: &nodes)
    case UInt8(ascii: "n"): try scanWord("null", .null, into: &nodes)
    default: try scanNumber(into: &nodes)
    }
  }

  private mutating func scanObject(into nodes: inout [JSONDocument.Node], depth: Int) throws(JSONError) {
    let index = open(.object, into: &nodes)
    if take(UInt8(ascii: "}")) { return close(index, &nodes) }
    repeat {
      skipWhitespace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw unexpected("expected a key") }
      try scanString(into: &nodes)
      guard take(UInt8(ascii: ":")) else { throw unexpected("expected ':' after a key") }
      try scanValue(into: &nodes, depth: depth + 1)
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw unexpected("expected ',' or '}'") }
    close(index, &nodes)
  }

  private mutating func scanArray(into nodes: inout [JSONDocument.Node], depth: Int) throws(JSONError) {
    let index = open(.array, into: &nodes)
    if take(UInt8(ascii: "]")) { return close(index, &nodes) }
    repeat {
      try scanValue(into: &nodes, depth: depth + 1)
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw unexpected("expected ',' or ']'") }
    close(index, &nodes)
  }

  private mutating func scanString(into nodes: inout [JSONDocument.Node]) throws(JSONError) {
    position += 1
    let start = position
    var hasEscapes = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        nodes.append(
          .init(kind: .string, hasEscapes: hasEscapes, start: start, end: position, next: nodes.count + 1))
        position += 1
        return
      }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      } else if byte < 0x20 {
        throw unexpected("control character in a string")
      }
      position += 1
    }
    throw unexpected("unexpected end of JSON input")
  }

  private mutating func scanWord(
    _ word: StaticString, _ kind: JSONDocument.Kind, into nodes: inout [JSONDocument.Node]
  ) throws(JSONError) {
    let start = position
    for byte in word.description.utf8 {
      guard position < bytes.count, bytes[position] == byte else { throw unexpected("expected \(word)") }
      position += 1
    }
    nodes.append(.init(kind: kind, start: start, end: position, next: nodes.count + 1))
  }

  private mutating func scanNumber(into nodes: inout [JSONDocument.Node]) throws(JSONError) {
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        position += 1
        continue
      default: break
      }
      break
    }
    guard position > start else { throw unexpected("expected a value") }
    nodes.append(.init(kind: .number, start: start, end: position, next: nodes.count + 1))
  }

  private mutating func open(_ kind: JSONDocument.Kind, into nodes: inout [JSONDocument.Node]) -> Int {
    nodes.append(.init(kind: kind, start: position, end: position, next: nodes.count + 1))
    position += 1
    return nodes.count - 1
  }

  private func close(_ index: Int, _ nodes: inout [JSONDocument.Node]) {
    nodes[index].end = position
    nodes[index].next = nodes.count
  }

  private mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipWhitespace()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private func unexpected(_ reason: String) -> JSONError {
    JSONError("\(reason) at byte \(position)")
  }

  /// The text of a string between its quotes, escapes resolved; a lone surrogate becomes U+FFFD.
  static func unescape(_ text: ArraySlice<UInt8>) throws(JSONError) -> String {
    var result = String.UnicodeScalarView()
    var plain = text.startIndex
    var index = text.startIndex
    while index < text.endIndex {
      guard text[index] == UInt8(ascii: "\\") else {
        index += 1
        continue
      }
      result.append(contentsOf: String(decoding: text[plain..<index], as: UTF8.self).unicodeScalars)
      guard index + 1 < text.endIndex else { throw JSONError("unfinished escape in a string") }
      let escape = text[index + 1]
      index += 2
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(Unicode.Scalar(escape))
      case UInt8(ascii: "b"): result.append("\u{08}")
      case UInt8(ascii: "f"): result.append("\u{0C}")
      case UInt8(ascii: "n"): result.append("\n")
      case UInt8(ascii: "r"): result.append("\r")
      case UInt8(ascii: "t"): result.append("\t")
      case UInt8(ascii: "u"): result.append(try scalar(text, &index))
      default: throw JSONError("unknown escape in a string")
      }
      plain = index
    }
    result.append(contentsOf: String(decoding: text[plain...], as: UTF8.self).unicodeScalars)
    return String(result)
  }

  /// The scalar after `\u`, with its second surrogate if it has one.
  private static func scalar(_ text: ArraySlice<UInt8>, _ index: inout Int) throws(JSONError) -> Unicode.Scalar {
    let first = try hexadecimal(text, &index)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, index + 6 <= text.endIndex, text[index] == UInt8(ascii: "\\"),
      text[index + 1] == UInt8(ascii: "u")
    else { return "\u{FFFD}" }
    var after = index + 2
    let second = try hexadecimal(text, &after)
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { return "\u{FFFD}" }
    index = after
    return scalar
  }

  private static func hexadecimal(_ text: ArraySlice<UInt8>, _ index: inout Int) throws(JSONError) -> UInt32 {
    guard index + 4 <= text.endIndex,
      let value = UInt32(String(decoding: text[index..<index + 4], as: UTF8.self), radix: 16)
    else { throw JSONError("malformed \\u escape in a string") }
    index += 4
    return value
  }
}
