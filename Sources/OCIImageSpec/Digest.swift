import Diagnostics

/// The hash functions that a digest may name (image spec, "Registered algorithms").
public enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable {
  case sha256
  case sha512

  /// How many lower-case hexadecimal digits a digest of this algorithm has.
  public var hexLength: Int {
    switch self {
    case .sha256: 64
    case .sha512: 128
    }
  }
}

/// The name of some content: a hash function and its value, `sha256:<64 hex digits>`.
///
/// Every value of this type is well formed, so it may be used as a file name as it is.
public struct Digest: Hashable, Sendable {
  public let algorithm: DigestAlgorithm
  /// The value in lower-case hexadecimal digits.
  public let hex: String

  /// Parses `algorithm:hex`.
  ///
  /// Throws: `ClassifiedError` of kind `invalid` for a malformed value and of kind `unsupported` for another algorithm.
  public init(_ text: some StringProtocol) throws {
    guard let colon = text.firstIndex(of: ":") else {
      throw ClassifiedError(.invalid, "invalid checksum digest format: \(quoted(text))")
    }
    let name = text[..<colon]
    guard let algorithm = DigestAlgorithm(rawValue: String(name)) else {
      throw ClassifiedError(
        .unsupported, "unsupported digest algorithm: \(quoted(name))", advice: "sha256 and sha512 are supported")
    }
    try self.init(algorithm: algorithm, hex: String(text[text.index(after: colon)...]))
  }

  /// A digest from its parts.
  ///
  /// Throws: `ClassifiedError` of kind `invalid` unless `hex` has exactly the digits the algorithm calls for.
  public init(algorithm: DigestAlgorithm, hex: String) throws {
    guard hex.utf8.count == algorithm.hexLength else {
      throw ClassifiedError(.invalid, "invalid checksum digest length: \(quoted(hex))")
    }
    guard hex.utf8.allSatisfy(isLowerHexDigit) else {
      throw ClassifiedError(.invalid, "invalid checksum digest format: \(quoted(hex))")
    }
    self.algorithm = algorithm
    self.hex = hex
  }

  /// For values that a hash function has just made.
  init(trusted algorithm: DigestAlgorithm, value: some Sequence<UInt8>) {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(algorithm.hexLength)
    for byte in value {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    self.algorithm = algorithm
    self.hex = String(decoding: text, as: UTF8.self)
  }

  /// The digest of some bytes.
  public static func of(_ bytes: [UInt8], algorithm: DigestAlgorithm = .sha256) -> Digest {
    var hasher = ContentHasher(algorithm)
    hasher.update(bytes)
    return hasher.finish()
  }

  /// The first twelve digits, as Docker shows ids.
  public var short: String { String(hex.prefix(12)) }
}

extension Digest: CustomStringConvertible {
  public var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension Digest: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(container.decode(String.self))
    } catch let error as ClassifiedError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Text from outside, cut to a length that fits an error message.
func quoted(_ text: some StringProtocol) -> String {
  text.count > 140 ? "\"\(text.prefix(140))…\"" : "\"\(text)\""
}

func isLowerHexDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
