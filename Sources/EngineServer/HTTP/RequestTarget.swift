import Diagnostics
import EngineAPI

/// The target of a request line: an optional `/v1.NN`, the path's segments, and the query.
struct RequestTarget: Sendable {
  /// The version in the path; nil when there is none.
  let version: APIVersion?
  /// Unescaped; a slash that was escaped stays within its segment.
  let segments: [String]
  let query: Query

  /// Throws: kind `invalid` when the target is not a path.
  init(_ uri: String) throws {
    let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let path = parts.first, path.hasPrefix("/") else {
      throw ClassifiedError(.invalid, "the request's target is not a path: \(uri)")
    }
    var segments = try path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { segment in
      guard let text = percentDecoded(segment) else {
        throw ClassifiedError(.invalid, "malformed path: \(path)")
      }
      return text
    }
    if let first = segments.first, first.hasPrefix("v"), let version = APIVersion(first.dropFirst()) {
      segments.removeFirst()
      self.version = version
    } else {
      version = nil
    }
    self.segments = segments
    query = try Query(parts.count == 2 ? parts[1] : "")
  }
}
