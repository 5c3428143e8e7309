import FoundationEssentials

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
    guard let written = try? JSONDecoder().decode([String: WrittenValues].self, from: Data(json.utf8)) else {
      throw FilterFault(description: "invalid filters \(json)")
    }
    self.init(written.mapValues(\.values))
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
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings in dictionaries always encode.
    return (try? encoder.encode(values)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

/// A `filters` query that cannot be used.
public struct FilterFault: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// The values of one key in either form.
private struct WrittenValues: Decodable {
  let values: [String]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let list = try? container.decode([String].self) {
      values = list
    } else {
      values = try container.decode([String: Bool].self).filter(\.value).keys.sorted()
    }
  }
}
