/// A JSON text (RFC 8259) parsed into a flat list of nodes.
///
/// The runtime reads its configuration once, at every start of a container, so this takes one pass over the bytes and
/// allocates one array; a string becomes a `String` only when a property asks for it.
public struct JSONDocument: Sendable {
  enum Kind: UInt8, Sendable {
    case null, bool, number, string, array, object
  }

  /// One value. The members of a container follow it, up to `next`; an object's members are pairs of nodes.
  struct Node: Sendable {
    var kind: Kind
    /// A string with a backslash in it, which must be unescaped.
    var hasEscapes = false
    private var startOffset: UInt32
    private var endOffset: UInt32
    private var nextIndex: UInt32

    init(kind: Kind, hasEscapes: Bool = false, start: Int, end: Int, next: Int) {
      self.kind = kind
      self.hasEscapes = hasEscapes
      startOffset = UInt32(start)
      endOffset = UInt32(end)
      nextIndex = UInt32(next)
    }

    /// Where the value's text lies; for a string without its quotes.
    var start: Int { Int(startOffset) }

    var end: Int {
      get { Int(endOffset) }
      set { endOffset = UInt32(newValue) }
    }

    /// The index of the node after this value and all that it contains.
    var next: Int {
      get { Int(nextIndex) }
      set { nextIndex = UInt32(newValue) }
    }
  }

  let bytes: [UInt8]
  private(set) var nodes: [Node] = []

  /// Parses a whole text; the root is node 0.
  ///
  /// Throws: `JSONError` for malformed text, text after the value, values nested deeper than 128, or 4 GiB of text.
  init(_ bytes: [UInt8]) throws(JSONError) {
    guard bytes.count < UInt32.max else { throw JSONError("the text is too long") }
    self.bytes = bytes
    nodes.reserveCapacity(bytes.count / 12 + 8)
    var scanner = JSONScanner(bytes: bytes)
    try scanner.scanDocument(into: &nodes)
  }

  /// The node of the member with this key in an object, the last one if it is there twice.
  func member(_ key: String, of object: Int) -> Int? {
    var found: Int?
    var index = object + 1
    let end = nodes[object].next
    while index < end {
      let value = index + 1
      if isString(index, equalTo: key) { found = value }
      index = nodes[value].next
    }
    return found
  }

  /// The text of a string node.
  func string(_ index: Int) throws(JSONError) -> String {
    let node = nodes[index]
    guard node.hasEscapes else { return String(decoding: bytes[node.start..<node.end], as: UTF8.self) }
    return try JSONScanner.unescape(bytes[node.start..<node.end])
  }

  /// The text of a number node as it stands.
  func literal(_ index: Int) -> Substring.UTF8View {
    Substring(decoding: bytes[nodes[index].start..<nodes[index].end], as: UTF8.self).utf8
  }

  private func isString(_ index: Int, equalTo key: String) -> Bool {
    let node = nodes[index]
    if node.hasEscapes { return (try? string(index)) == key }
    let utf8 = key.utf8
    guard utf8.count == node.end - node.start else { return false }
    var position = node.start
    for byte in utf8 {
      if bytes[position] != byte { return false }
      position += 1
    }
    return true
  }
}
