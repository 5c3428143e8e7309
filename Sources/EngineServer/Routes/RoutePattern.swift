/// The path of a route: literal segments, `{name}` for any one segment and, once at most, `{name...}` for one or more.
///
/// It is matched from both ends towards `{name...}`, because image names contain slashes and words like `json`.
struct RoutePattern: Sendable {
  private enum Segment: Sendable {
    case literal(String)
    case parameter(String)

    init(_ text: Substring) {
      self = text.hasPrefix("{") ? .parameter(String(text.dropFirst().dropLast())) : .literal(String(text))
    }
  }

  private let front: [Segment]
  private let middle: String?
  private let back: [Segment]

  init(_ text: String) {
    let parts = text.dropFirst().split(separator: "/")
    let long = parts.firstIndex { $0.hasSuffix("...}") }
    front = parts[..<(long ?? parts.endIndex)].map(Segment.init)
    middle = long.map { String(parts[$0].dropFirst().dropLast(4)) }
    back = long.map { parts[($0 + 1)...].map(Segment.init) } ?? []
  }

  /// The first segment, when it is a literal: what the table is sorted by.
  var firstLiteral: String? {
    if case .literal(let text)? = front.first { text } else { nil }
  }

  /// The more literal segments, the closer a match.
  var specificity: Int {
    (front + back).count { if case .literal = $0 { true } else { false } } * 2 + (middle == nil ? 1 : 0)
  }

  /// The parameters, when the path fits.
  func match(_ path: [String]) -> [String: String]? {
    let rest = path.count - front.count - back.count
    guard middle == nil ? rest == 0 : rest >= 1 else { return nil }
    var parameters: [String: String] = [:]
    guard RoutePattern.match(front, path.prefix(front.count), &parameters),
      RoutePattern.match(back, path.suffix(back.count), &parameters)
    else { return nil }
    if let middle {
      let name = path[front.count..<(front.count + rest)].joined(separator: "/")
      guard !name.isEmpty else { return nil }
      parameters[middle] = name
    }
    return parameters
  }

  private static func match(
    _ segments: [Segment], _ path: ArraySlice<String>, _ parameters: inout [String: String]
  ) -> Bool {
    for (segment, text) in zip(segments, path) {
      switch segment {
      case .literal(let literal): if literal != text { return false }
      case .parameter(let name):
        if text.isEmpty { return false }
        parameters[name] = text
      }
    }
    return true
  }
}
