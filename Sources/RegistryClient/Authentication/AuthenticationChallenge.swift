/// One way to authenticate that a server offers in `WWW-Authenticate` (RFC 9110, section 11.3).
struct AuthenticationChallenge: Hashable, Sendable {
  /// Lower case: `basic`, `bearer`.
  let scheme: String
  /// Names in lower case.
  let parameters: [String: String]

  /// All challenges in the values of the header. What does not follow the grammar ends the reading of a value;
  /// the challenges before it count.
  static func parse(_ values: [String]) -> [AuthenticationChallenge] {
    values.flatMap { value in
      var reader = Reader(value)
      return reader.challenges()
    }
  }

  private struct Reader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
      bytes = Array(text.utf8)
    }

    /// Challenges and parameters are both separated by commas; a word that is not followed by `=` begins a challenge.
    mutating func challenges() -> [AuthenticationChallenge] {
      var found: [AuthenticationChallenge] = []
      var scheme: String?
      var parameters: [String: String] = [:]
      func finished() -> [AuthenticationChallenge] {
        scheme.map { [AuthenticationChallenge(scheme: $0, parameters: parameters)] } ?? []
      }
      while skipSeparators(), let word = token() {
        let afterWord = position
        skipSpaces()
        if scheme != nil, take(UInt8(ascii: "=")) {
          skipSpaces()
          guard let value = current == UInt8(ascii: "\"") ? quotedString() : token() else { break }
          // The first one counts: a second value may have been slipped in behind it.
          if parameters[word.lowercased()] == nil { parameters[word.lowercased()] = value }
          continue
        }
        guard current != UInt8(ascii: "=") else { break }
        position = afterWord
        found += finished()
        scheme = word.lowercased()
        parameters = [:]
        skipToken68()
      }
      return found + finished()
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
      guard current == byte else { return false }
      position += 1
      return true
    }

    private mutating func skipSpaces() {
      while take(UInt8(ascii: " ")) || take(UInt8(ascii: "\t")) {}
    }

    /// Whether anything is left.
    private mutating func skipSeparators() -> Bool {
      while take(UInt8(ascii: " ")) || take(UInt8(ascii: "\t")) || take(UInt8(ascii: ",")) {}
      return position < bytes.count
    }

    /// `token68`: the opaque data that schemes such as Negotiate have instead of parameters.
    private mutating func skipToken68() {
      let start = position
      skipSpaces()
      guard token(with: "/") != nil else {
        position = start
        return
      }
      while take(UInt8(ascii: "=")) {}
      skipSpaces()
      if let next = current, next != UInt8(ascii: ",") { position = start }
    }

    private mutating func token(with more: String = "") -> String? {
      let start = position
      while let byte = current, Self.isTokenByte(byte) || more.utf8.contains(byte) { position += 1 }
      return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    private mutating func quotedString() -> String? {
      position += 1
      var text: [UInt8] = []
      while let byte = current {
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
        case UInt8(ascii: "\\"):
          guard let escaped = current else { return nil }
          text.append(escaped)
          position += 1
        default: text.append(byte)
        }
      }
      return nil
    }

    /// `tchar` (RFC 9110, section 5.6.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
      }
    }
  }
}
