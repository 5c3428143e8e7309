import Diagnostics
import FoundationEssentials

/// Reading and writing of the JSON documents of an image, with errors that name the field at fault.
public enum JSONDocument {
  /// Reads a document.
  ///
  /// Throws: `ClassifiedError` of kind `invalid` that names the document and the field.
  public static func decode<Document: Decodable>(
    _ type: Document.Type, from bytes: [UInt8], called name: String
  ) throws -> Document {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw ClassifiedError(.invalid, "invalid \(name): \(explain(error))")
    }
  }

  /// Writes a document with sorted keys, so that equal documents have equal digests.
  public static func encode(_ document: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return [UInt8](try encoder.encode(document))
    } catch {
      throw ClassifiedError(
        .invalid, "cannot be written as JSON: \(error)", object: String(describing: type(of: document)))
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
      return path.isEmpty ? "" : "\(path): "
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context))\(key.stringValue) is missing"
    case .valueNotFound(_, let context): return "\(place(context))the value is missing"
    case .typeMismatch(_, let context), .dataCorrupted(let context):
      let reason = context.debugDescription
      return place(context) + (reason.hasSuffix(".") ? String(reason.dropLast()) : reason)
    @unknown default: return "not readable"
    }
  }
}
