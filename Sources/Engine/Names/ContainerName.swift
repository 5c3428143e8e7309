import Diagnostics

/// The rule for names that users give containers.
enum ContainerName {
  /// The name without the slash that clients may put in front.
  ///
  /// Throws: `invalid`, with Docker's sentence, when it is too short or has other characters than the rule allows.
  static func parse(_ text: String) throws(ClassifiedError) -> String {
    let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
    guard name.utf8.count >= 2, let first = name.utf8.first, isLetterOrDigit(first),
      name.utf8.dropFirst().allSatisfy({ isLetterOrDigit($0) || $0 == 0x5F || $0 == 0x2E || $0 == 0x2D })
    else {
      throw ClassifiedError(
        .invalid, "Invalid container name (\(text)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    }
    return name
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
