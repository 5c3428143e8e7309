/// Writes one JSON text, RFC 8259, on one line: names and values in the order in which they are given.
public struct JSONWriter: Sendable {
  /// The text so far, UTF-8.
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  public init() {}

  public mutating func beginObject() { open("{") }
  public mutating func endObject() { close("}") }
  public mutating func beginArray() { open("[") }
  public mutating func endArray() { close("]") }

  /// The name of the member whose value comes next.
  public mutating func name(_ name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  public mutating func null() { literal("null") }
  public mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

  /// A word or number, as it is to stand.
  public mutating func literal(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
  }

  public mutating func integer(_ value: Int64) {
    separate()
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    digits(of: value.magnitude)
  }

  public mutating func integer(_ value: UInt64) {
    separate()
    digits(of: value)
  }

  public mutating func string(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.contains(where: JSONWriter.mayNeedEscape) {
      for scalar in text.unicodeScalars { escape(scalar) }
    } else {
      bytes.append(contentsOf: text.utf8)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  // MARK: - Pieces

  private mutating func open(_ bracket: Unicode.Scalar) {
    separate()
    bytes.append(UInt8(ascii: bracket))
    needsComma = false
  }

  private mutating func close(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func digits(of value: UInt64) {
    let start = bytes.count
    var rest = value
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  /// 0xe2 begins U+2028 and U+2029, which JavaScript takes for line ends.
  private static func mayNeedEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0xe2
  }

  private mutating func escape(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": bytes += Array(#"\""#.utf8)
    case "\\": bytes += Array(#"\\"#.utf8)
    case "\n": bytes += Array(#"\n"#.utf8)
    case "\r": bytes += Array(#"\r"#.utf8)
    case "\t": bytes += Array(#"\t"#.utf8)
    case "\u{0}"..."\u{1f}", "\u{2028}", "\u{2029}":
      let digits = String(scalar.value, radix: 16)
      bytes += Array((#"\u"# + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
    default: bytes.append(contentsOf: String(Character(scalar)).utf8)
    }
  }
}
