public import Diagnostics

/// The keys that part a terminal from its container, and what of the input goes on to it.
///
/// A part of the sequence is held back until it is clear that the rest does not follow.
public struct DetachKeys: Sendable {
  /// Docker's: ctrl-p, ctrl-q.
  public static let standard: [UInt8] = [16, 17]

  private let keys: [UInt8]
  private var matched = 0

  /// `keys` as bytes; empty: never detach.
  public init(keys: [UInt8]) {
    self.keys = keys
  }

  /// Reads the flag's form: single characters or `ctrl-` with a letter or one of `@ [ \ ] ^ _`, between commas.
  ///
  /// Throws: kind `invalid`.
  public static func parse(_ text: String) throws(ClassifiedError) -> [UInt8] {
    if text.isEmpty { return standard }
    var keys: [UInt8] = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      if word.utf8.count == 1, let byte = word.utf8.first {
        keys.append(byte)
      } else if word.lowercased().hasPrefix("ctrl-"), word.utf8.count == 6, let byte = word.uppercased().utf8.last,
        (0x40...0x5f).contains(byte)
      {
        keys.append(byte & 0x1f)
      } else {
        throw ClassifiedError(
          .invalid, "invalid detach keys (\(text)): unknown character: '\(word)'",
          advice: "as in ctrl-p,ctrl-q or ctrl-a,a")
      }
    }
    return keys
  }

  /// Passes input through. Returns what goes on, and whether the sequence is complete: then what follows it is dropped.
  public mutating func filter(_ input: ArraySlice<UInt8>) -> (passed: [UInt8], detached: Bool) {
    guard !keys.isEmpty else { return (Array(input), false) }
    var passed: [UInt8] = []
    passed.reserveCapacity(input.count)
    for byte in input {
      if byte == keys[matched] {
        matched += 1
        if matched == keys.count { return (passed, true) }
        continue
      }
      passed += keys[..<matched]
      matched = byte == keys[0] ? 1 : 0
      if matched == 0 { passed.append(byte) }
    }
    return (passed, false)
  }
}
