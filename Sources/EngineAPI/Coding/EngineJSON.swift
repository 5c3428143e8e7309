import JSON

/// JSON as the Docker Engine API writes it, and the sentence for input that does not fit.
public enum EngineJSON {
  public static func encode(_ value: some APIValue) -> [UInt8] {
    var writer = JSONWriter()
    value.write(to: &writer)
    return writer.bytes
  }

  /// Unknown fields are ignored. Throws: `JSONFault`, which names the field.
  public static func decode<Value: APIValue>(
    _ type: Value.Type, from bytes: some Collection<UInt8>
  ) throws(JSONFault) -> Value {
    let json: JSONValue
    do throws(JSONSyntaxError) {
      json = try JSONValue(parsing: Array(bytes))
    } catch {
      throw JSONFault(error.description)
    }
    return try Value.read(json)
  }
}

/// Why some JSON was refused, for the person who wrote it.
public struct JSONFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, without the place.
  public let reason: String
  /// The place of the value concerned, such as `HostConfig.Mounts.0.Type`; empty for the whole text.
  public let path: String

  public init(_ reason: String, path: String = "") {
    self.reason = reason
    self.path = path
  }

  /// A value of another kind than the one that is wanted.
  init(wanted: String, not json: JSONValue) {
    self.init("\(wanted) is wanted, not \(json.compact.prefix(80))")
  }

  /// The same fault seen from the object or list that holds the value.
  func inside(_ name: String) -> JSONFault {
    JSONFault(reason, path: path.isEmpty ? name : "\(name).\(path)")
  }

  public var description: String { path.isEmpty ? reason : "field \(path): \(reason)" }
}
