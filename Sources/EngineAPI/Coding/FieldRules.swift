// Docker's JSON tells `null`, `[]` and a missing key apart, and typed clients mind. Each field says its rule here,
// so that the types stay plain lists of fields:
//
//   @Present     always written; missing and null read as the zero value
//   @Nullable    always written, null when nil; missing and null read as nil
//   (neither)    optional, left out when nil
//   @CommandWords  as @Nullable, and one string reads as a list of one
//   @RowsAndColumns  always two numbers

/// A type with the value that a missing or null field stands for.
public protocol ZeroValue {
  init()
}

extension String: ZeroValue {}
extension Bool: ZeroValue {}
extension Int: ZeroValue {}
extension Int64: ZeroValue {}
extension UInt16: ZeroValue {}
extension UInt64: ZeroValue {}
extension Array: ZeroValue {}
extension Dictionary: ZeroValue {
  public init() { self = [:] }
}

/// A field that is always written; missing and null read as the zero value.
@propertyWrapper
public struct Present<Value> {
  public var wrappedValue: Value

  public init(wrappedValue: Value) {
    self.wrappedValue = wrappedValue
  }
}

extension Present: Sendable where Value: Sendable {}
extension Present: Equatable where Value: Equatable {}

extension Present: Decodable where Value: Decodable & ZeroValue {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? Value() : try container.decode(Value.self)
  }
}

extension Present: Encodable where Value: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}

/// A field that is always written, as null when there is nothing to say.
@propertyWrapper
public struct Nullable<Value> {
  public var wrappedValue: Value?

  public init(wrappedValue: Value?) {
    self.wrappedValue = wrappedValue
  }
}

extension Nullable: Sendable where Value: Sendable {}
extension Nullable: Equatable where Value: Equatable {}

extension Nullable: Decodable where Value: Decodable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }
}

extension Nullable: Encodable where Value: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue {
      try container.encode(wrappedValue)
    } else {
      try container.encodeNil()
    }
  }
}

/// The words of a command: always written; a client may give one string in place of the list.
@propertyWrapper
public struct CommandWords: Codable, Sendable, Equatable {
  public var wrappedValue: [String]?

  public init(wrappedValue: [String]?) {
    self.wrappedValue = wrappedValue
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      wrappedValue = nil
    } else if let word = try? container.decode(String.self) {
      wrappedValue = [word]
    } else {
      wrappedValue = try container.decode([String].self)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    try Nullable(wrappedValue: wrappedValue).encode(to: encoder)
  }
}

/// The size of a terminal: always written as two numbers, and anything else reads as two zeros.
@propertyWrapper
public struct RowsAndColumns: Codable, Sendable, Equatable {
  public var wrappedValue: [Int]

  public init(wrappedValue: [Int]) {
    self.wrappedValue = wrappedValue
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let size = container.decodeNil() ? [] : try container.decode([Int].self)
    wrappedValue = size.count == 2 ? size : [0, 0]
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}

// The compiler's own `init(from:)` calls these in place of the ones that insist on the key.
extension KeyedDecodingContainer {
  public func decode<Value: Decodable & ZeroValue>(_ type: Present<Value>.Type, forKey key: Key) throws -> Present<
    Value
  > {
    Present(wrappedValue: try decodeIfPresent(Value.self, forKey: key) ?? Value())
  }

  public func decode<Value: Decodable>(_ type: Nullable<Value>.Type, forKey key: Key) throws -> Nullable<Value> {
    Nullable(wrappedValue: try decodeIfPresent(Value.self, forKey: key))
  }

  public func decode(_ type: CommandWords.Type, forKey key: Key) throws -> CommandWords {
    try decodeIfPresent(type, forKey: key) ?? CommandWords(wrappedValue: nil)
  }

  public func decode(_ type: RowsAndColumns.Type, forKey key: Key) throws -> RowsAndColumns {
    try decodeIfPresent(type, forKey: key) ?? RowsAndColumns(wrappedValue: [0, 0])
  }
}

/// `{}`: the value of a set that JSON writes as an object, such as `ExposedPorts` and `Volumes`.
public struct EmptyObject: Codable, Sendable, Hashable {
  public init() {}
}
