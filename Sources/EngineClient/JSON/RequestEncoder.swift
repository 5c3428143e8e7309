import CommandLine

/// Writes the API's types as JSON.
///
/// Foundation's encoder asks the runtime about every value it meets whether it is a date, a URL, a number of its own…;
/// in a program that lives for a few milliseconds these look-ups are most of its time. The API's types are plain, so
/// this one asks nothing.
struct RequestEncoder: Encoder {
  private let node: JSONNode
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  /// Throws: what the value's own `encode` throws.
  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let node = JSONNode()
    try value.encode(to: RequestEncoder(node: node))
    return Array(node.value.compact.utf8)
  }

  fileprivate init(node: JSONNode) {
    self.node = node
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .null = node.content { node.content = .object([]) }
    return KeyedEncodingContainer(MemberWriter<Key>(node: node))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if case .null = node.content { node.content = .array([]) }
    return ElementWriter(node: node)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    ScalarWriter(node: node)
  }
}

private struct MemberWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: JSONNode
  let codingPath: [any CodingKey] = []

  mutating func encodeNil(forKey key: Key) {
    node.member(key.stringValue).content = .null
  }

  mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    try value.encode(to: RequestEncoder(node: node.member(key.stringValue)))
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    RequestEncoder(node: node.member(key.stringValue)).container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    RequestEncoder(node: node.member(key.stringValue)).unkeyedContainer()
  }

  mutating func superEncoder() -> any Encoder { RequestEncoder(node: node.member("super")) }
  mutating func superEncoder(forKey key: Key) -> any Encoder { RequestEncoder(node: node.member(key.stringValue)) }
}

private struct ElementWriter: UnkeyedEncodingContainer {
  let node: JSONNode
  let codingPath: [any CodingKey] = []
  var count = 0

  private mutating func next() -> JSONNode {
    count += 1
    return node.element()
  }

  mutating func encodeNil() { next().content = .null }

  mutating func encode<Value: Encodable>(_ value: Value) throws {
    try value.encode(to: RequestEncoder(node: next()))
  }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    RequestEncoder(node: next()).container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    RequestEncoder(node: next()).unkeyedContainer()
  }

  mutating func superEncoder() -> any Encoder { RequestEncoder(node: next()) }
}

private struct ScalarWriter: SingleValueEncodingContainer {
  let node: JSONNode
  let codingPath: [any CodingKey] = []

  mutating func encodeNil() { node.content = .null }
  mutating func encode(_ value: Bool) { node.content = .scalar(.bool(value)) }
  mutating func encode(_ value: String) { node.content = .scalar(.string(value)) }
  mutating func encode(_ value: Double) { node.content = .scalar(.number("\(value)")) }
  mutating func encode(_ value: Float) { node.content = .scalar(.number("\(value)")) }
  mutating func encode(_ value: Int) { write(value) }
  mutating func encode(_ value: Int8) { write(value) }
  mutating func encode(_ value: Int16) { write(value) }
  mutating func encode(_ value: Int32) { write(value) }
  mutating func encode(_ value: Int64) { write(value) }
  mutating func encode(_ value: UInt) { write(value) }
  mutating func encode(_ value: UInt8) { write(value) }
  mutating func encode(_ value: UInt16) { write(value) }
  mutating func encode(_ value: UInt32) { write(value) }
  mutating func encode(_ value: UInt64) { write(value) }

  mutating func encode<Value: Encodable>(_ value: Value) throws {
    try value.encode(to: RequestEncoder(node: node))
  }

  private func write(_ value: some BinaryInteger) {
    node.content = .scalar(.int(value))
  }
}
