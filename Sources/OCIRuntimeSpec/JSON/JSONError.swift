/// Why a JSON text could not be read, and where.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, without the place.
  public let reason: String
  /// The path of the property concerned, such as `process.user.uid`; empty for a syntax error.
  public private(set) var path: String

  public init(_ reason: String, path: String = "") {
    self.reason = reason
    self.path = path
  }

  /// The same error seen from the object that holds the property.
  func inside(_ key: String) -> JSONError {
    JSONError(reason, path: path.isEmpty ? key : path.hasPrefix("[") ? key + path : "\(key).\(path)")
  }

  public var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
}
