public import Diagnostics

/// Why bytes from the other side are not what the shim's protocol says.
///
/// Nothing can be read from a connection after one of these: its reader drops it.
public enum ProtocolError: Error, Equatable, Sendable {
  /// The length in front of a frame is more than `Frame.maximumLength`.
  case frameTooLong(length: Int)
  /// A frame of length zero has no type.
  case emptyFrame
  case unknownType(UInt8)
  /// The payload ends inside the named field.
  case truncated(field: String)
  /// The payload goes on after its last field.
  case trailingBytes(count: Int)
  case invalidValue(field: String)
  /// The message is well formed, but not one that may come now.
  case outOfOrder(message: String, role: String)
}

extension ProtocolError: Classifiable {
  public var kind: ErrorKind { .invalid }

  public var explanation: String {
    switch self {
    case .frameTooLong(let length): "frame of \(length) bytes is longer than \(Frame.maximumLength)"
    case .emptyFrame: "frame without a type"
    case .unknownType(let type): "frame of unknown type \(type)"
    case .truncated(let field): "frame ends inside \(field)"
    case .trailingBytes(let count): "frame has \(count) bytes too many"
    case .invalidValue(let field): "frame has a wrong value in \(field)"
    case .outOfOrder(let message, let role): "\(message) cannot come now on a connection that is \(role)"
    }
  }
}
