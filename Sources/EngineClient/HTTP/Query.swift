/// The query of a request: names and values in order, written with percent encoding. RFC 3986, section 3.4.
public struct Query: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  private var text = ""

  public init() {}

  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  /// Adds `name=value`; a nil value adds nothing.
  public mutating func add(_ name: String, _ value: String?) {
    guard let value else { return }
    text += (text.isEmpty ? "?" : "&") + name.percentEncoded + "=" + value.percentEncoded
  }

  /// Adds `name=1` when the condition holds.
  public mutating func add(_ name: String, if condition: Bool) {
    if condition { add(name, "1") }
  }

  /// With `?` in front; empty when there is nothing.
  public var encoded: String { text }
}

extension String {
  /// The text with everything but RFC 3986's unreserved characters escaped.
  public var percentEncoded: String {
    percentEncoded(keeping: "")
  }

  /// As `percentEncoded`; `extra` names further characters that stay as they are.
  func percentEncoded(keeping extra: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let kept = Array("-._~".utf8) + Array(extra.utf8)
    var bytes: [UInt8] = []
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        bytes.append(byte)
      case _ where kept.contains(byte): bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
