public import FoundationEssentials

/// JSON as the Docker Engine API writes it, and the sentence for input that does not fit.
public enum EngineJSON {
  /// Throws: `EncodingError`, for numbers that JSON cannot hold.
  public static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return try encoder.encode(value)
  }

  /// Unknown fields are ignored. Throws: `JSONFault`, which names the field.
  public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch let error as DecodingError {
      throw JSONFault(error)
    }
  }
}

/// Why some JSON was refused, for the person who wrote it.
public struct JSONFault: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ error: DecodingError) {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      description = "\(JSONFault.place(context)): \(context.debugDescription)"
    case .keyNotFound(let key, _):
      description = "missing field \(key.stringValue)"
    case .dataCorrupted(let context):
      description = "\(JSONFault.place(context)): \(context.debugDescription)"
    @unknown default:
      description = "malformed JSON"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return path.isEmpty ? "malformed JSON" : "field " + path.joined(separator: ".")
  }
}
