/// Bytes as text of 64 letters, with padding. RFC 4648.
public enum Base64 {
  /// Which letters stand for 62 and 63.
  public enum Alphabet: Sendable {
    /// `+` and `/`: section 4.
    case standard
    /// `-` and `_`: section 5, for headers and file names.
    case url
  }

  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

  public static func encode(_ bytes: some Collection<UInt8>, alphabet: Alphabet = .standard) -> String {
    let letters = Self.letters + Array((alphabet == .url ? "-_" : "+/").utf8)
    var text: [UInt8] = []
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let group = rest.prefix(3)
      rest = rest.dropFirst(3)
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for index in 0..<4 {
        text.append(index <= group.count ? letters[bits >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads either alphabet; nil for anything that is neither.
  public static func decode(_ text: String) -> [UInt8]? {
    let body = text.utf8.prefix { $0 != UInt8(ascii: "=") }
    let padding = text.utf8.dropFirst(body.count)
    guard padding.count <= 2, padding.allSatisfy({ $0 == UInt8(ascii: "=") }), body.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    var bits = 0
    var count = 0
    for letter in body {
      guard let value = value(of: letter) else { return nil }
      bits = (bits << 6 | value) & 0xffff
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return bytes
  }

  private static func value(of letter: UInt8) -> Int? {
    switch letter {
    case UInt8(ascii: "-"), UInt8(ascii: "+"): 62
    case UInt8(ascii: "_"), UInt8(ascii: "/"): 63
    default: letters.firstIndex(of: letter)
    }
  }
}
