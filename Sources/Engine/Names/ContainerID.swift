/// A container's id: 64 hexadecimal digits, from which every object made for it takes its name.
struct ContainerID: Hashable, Sendable, CustomStringConvertible {
  let text: String

  /// Nil unless `text` is exactly 64 lower-case hexadecimal digits: nothing else may become part of a path.
  init?(_ text: String) {
    guard text.utf8.count == 64, text.utf8.allSatisfy(ContainerID.isDigit) else { return nil }
    self.text = text
  }

  private init(digits: String) {
    text = digits
  }

  /// A new one. An id whose first twelve digits are all decimal is avoided: it would look like a number where
  /// short ids serve as host names.
  static func random() -> ContainerID {
    while true {
      let text = randomHexadecimal(words: 4)
      if text.utf8.prefix(12).contains(where: { $0 >= 0x61 }) { return ContainerID(digits: text) }
    }
  }

  /// Twelve digits, for people.
  var short: String { String(text.prefix(12)) }

  /// The name of the shim's socket without its directory: short, as a socket address holds 107 bytes.
  var socketName: String { text.prefix(24) + ".sock" }

  var description: String { text }

  static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}

/// Sixteen random hexadecimal digits for each word.
func randomHexadecimal(words: Int) -> String {
  var text = ""
  text.reserveCapacity(words * 16)
  for _ in 0..<words {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    text += String(repeating: "0", count: 16 - digits.count) + digits
  }
  return text
}
