/// Cuts a stream of JSON objects into its objects, whatever stands between them and however the bytes arrive.
///
/// Progress of pulls and events come as one object a line; some servers leave the line ends out. RFC 7464's record
/// separators and all white space are skipped.
public struct JSONSequence: Sendable {
  private var object: [UInt8] = []
  private var depth = 0
  private var isInString = false
  private var isEscaped = false

  public init() {}

  /// Whether the stream may end here.
  public var isBetweenObjects: Bool { object.isEmpty }

  /// Takes in bytes and calls `emit` with each object that is complete.
  public mutating func append(_ bytes: [UInt8], emit: ([UInt8]) throws -> Void) rethrows {
    for byte in bytes {
      guard depth > 0 || byte == UInt8(ascii: "{") else { continue }
      object.append(byte)
      follow(byte)
      if depth == 0 {
        try emit(object)
        object.removeAll(keepingCapacity: true)
      }
    }
  }

  private mutating func follow(_ byte: UInt8) {
    if isInString {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInString = false
      }
      return
    }
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
    default: break
    }
  }
}
