import JSON

/// The `filters` query of lists and events: for each key the values of which one must fit.
///
/// Clients write it in two ways, `{"status":["running"]}` and, as older ones do, `{"status":{"running":true}}`.
public struct Filters: Sendable, Equatable {
  private var values: [String: [String]] = [:]

  public init(_ values: [String: [String]] = [:]) {
    self.values = values.filter { !$0.value.isEmpty }
  }

  /// Throws: `FilterFault` when the text is neither form.
  public init(json: String) throws {
    do {
      self.init(try EngineJSON.decode([String: WrittenValues].self, from: json.utf8).mapValues(\.values))
    } catch {
      throw FilterFault(description: "invalid filters \(json)")
    }
  }

  public var isEmpty: Bool { values.isEmpty }

  public var keys: [String] { values.keys.sorted() }

  /// The values given for a key; empty when the key was not given.
  public subscript(key: String) -> [String] {
    get { values[key] ?? [] }
    set { values[key] = newValue.isEmpty ? nil : newValue }
  }

  /// Adds one `key=value`, as the command line's `--filter` gives it.
  public mutating func add(_ key: String, _ value: String) {
    values[key, default: []].append(value)
  }

  /// Throws: `FilterFault` for the first key that is not among `known`; an ignored filter would match too much.
  public func requireKeys(_ known: Set<String>) throws {
    if let unknown = keys.first(where: { !known.contains($0) }) {
      throw FilterFault(description: "invalid filter '\(unknown)'")
    }
  }

  /// The list form, which every server since API 1.24 reads.
  public var json: String { String(decoding: EngineJSON.encode(values), as: UTF8.self) }
}

/// A `filters` query that cannot be used.
public struct FilterFault: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// The values of one key in either form.
private struct WrittenValues: APIValue {
  let values: [String]

  static func read(_ json: JSONValue) throws(JSONFault) -> WrittenValues {
    if case .array = json { return WrittenValues(values: try [String].read(json)) }
    return WrittenValues(values: try [String: Bool].read(json).filter(\.value).keys.sorted())
  }

  func write(to writer: inout JSONWriter) {
    values.write(to: &writer)
  }
}
