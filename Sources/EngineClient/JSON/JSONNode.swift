import CommandLine

/// A JSON value under construction, shared by the containers that fill it in.
final class JSONNode {
  enum Content {
    case null
    case scalar(JSONValue)
    case array([JSONNode])
    case object([(name: String, node: JSONNode)])
  }

  var content: Content

  init(_ content: Content = .null) {
    self.content = content
  }

  /// The node of a member; it is made when it is not there.
  func member(_ name: String) -> JSONNode {
    var members: [(name: String, node: JSONNode)] = []
    if case .object(let known) = content { members = known }
    if let known = members.first(where: { $0.name == name }) { return known.node }
    let node = JSONNode()
    // Let go of the old list first, so that it grows in place.
    content = .null
    members.append((name, node))
    content = .object(members)
    return node
  }

  /// A new last element.
  func element() -> JSONNode {
    var elements: [JSONNode] = []
    if case .array(let known) = content { elements = known }
    let node = JSONNode()
    content = .null
    elements.append(node)
    content = .array(elements)
    return node
  }

  var value: JSONValue {
    switch content {
    case .null: .null
    case .scalar(let value): value
    case .array(let elements): .array(elements.map(\.value))
    case .object(let members): .members(members.map { ($0.name, $0.node.value) })
    }
  }
}

/// A key that is made up where none was given.
struct PlainKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }
}
