/// An error written for the person who reads it: what failed, on which object, and what to do.
///
/// Messages start in lower case and carry no full stop, so that a caller can put context in front:
/// `context: message`.
public struct ClassifiedError: Error, Sendable, CustomStringConvertible {
  public let kind: ErrorKind
  /// What failed, with the value or path concerned.
  public let message: String
  /// The object concerned (a container's name, a reference, a path), when the message does not stand alone.
  public let object: String?
  /// What the reader can do about it.
  public let advice: String?

  public init(_ kind: ErrorKind, _ message: String, object: String? = nil, advice: String? = nil) {
    self.kind = kind
    self.message = message
    self.object = object
    self.advice = advice
  }

  /// The whole sentence: `object: message (advice)`.
  public var description: String {
    var text = object.map { "\($0): \(message)" } ?? message
    if let advice { text += " (\(advice))" }
    return text
  }

  /// The same error with a step in front of its message, as it passes a caller that knows more.
  public func during(_ step: String) -> ClassifiedError {
    ClassifiedError(kind, "\(step): \(message)", object: object, advice: advice)
  }
}

/// An error type that knows its kind without being a `ClassifiedError` itself.
public protocol Classifiable: Error {
  var kind: ErrorKind { get }
  var explanation: String { get }
}

extension ClassifiedError: Classifiable {
  public var explanation: String { description }
}

/// The kind of any error: its own when it knows one, else `system`.
public func errorKind(of error: any Error) -> ErrorKind {
  (error as? any Classifiable)?.kind ?? .system
}

/// The sentence of any error.
public func explanation(of error: any Error) -> String {
  (error as? any Classifiable)?.explanation ?? String(describing: error)
}
