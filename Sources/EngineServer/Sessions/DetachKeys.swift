import Diagnostics
import NIOCore

/// The keys that end an attached session and leave its process running: `ctrl-p,ctrl-q` unless the client says else.
struct DetachKeys: Sendable, Equatable {
  /// What the keys send to a terminal.
  let bytes: [UInt8]

  static let standard = DetachKeys(bytes: [0x10, 0x11])

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads single characters and `ctrl-` with a letter or one of `@ [ \ ] ^ _`, separated by commas.
  ///
  /// Throws: kind `invalid` for any other word.
  init(_ text: String) throws {
    bytes = try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
      guard let byte = DetachKeys.byte(of: word) else {
        throw ClassifiedError(.invalid, "invalid detach keys \(text): unknown key '\(word)'")
      }
      return byte
    }
  }

  private static func byte(of word: Substring) -> UInt8? {
    let letters = word.utf8
    if letters.count == 1, let letter = letters.first { return letter }
    guard word.lowercased().hasPrefix("ctrl-"), letters.count == 6, let letter = letters.last else { return nil }
    switch letter {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "@")...UInt8(ascii: "_"): return letter & 0x1f
    default: return nil
    }
  }
}

/// Finds the detach keys in what a user types, however the bytes are cut into pieces.
struct DetachKeyFilter: Sendable {
  private let keys: [UInt8]
  private var matched = 0

  init(_ keys: DetachKeys) {
    self.keys = keys.bytes
  }

  /// The bytes that belong to the process, and whether the keys were complete. The beginning of the keys is held
  /// back until it is clear that they do not follow.
  mutating func filter(_ typed: ByteBuffer) -> (input: ByteBuffer, isDetached: Bool) {
    guard !keys.isEmpty else { return (typed, false) }
    if matched == 0, !typed.readableBytesView.contains(keys[0]) { return (typed, false) }
    var input = ByteBuffer()
    for byte in typed.readableBytesView {
      while matched > 0, byte != keys[matched] { fallBack(&input) }
      if byte == keys[matched] {
        matched += 1
        if matched == keys.count { return (input, true) }
      } else {
        input.writeInteger(byte)
      }
    }
    return (input, false)
  }

  /// Gives up the longest match; its end may be the beginning of another.
  private mutating func fallBack(_ input: inout ByteBuffer) {
    let kept = (0..<matched).reversed().first { keys[..<$0] == keys[(matched - $0)..<matched] } ?? 0
    input.writeBytes(keys[..<(matched - kept)])
    matched = kept
  }
}
