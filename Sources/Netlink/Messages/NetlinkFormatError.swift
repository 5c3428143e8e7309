public import Diagnostics

/// Why bytes are not messages of the kernel.
public enum NetlinkFormatError: Error, Equatable, Sendable {
  /// The bytes end inside the named part.
  case truncated(String)
  /// A length is smaller than what it counts, or larger than what is left.
  case wrongLength(String, Int)
  /// The named part has a value that it cannot have.
  case wrongValue(String)
  /// The named attribute is missing.
  case missing(String)
}

extension NetlinkFormatError: Classifiable {
  public var kind: ErrorKind { .system }

  public var explanation: String {
    switch self {
    case .truncated(let part): "message of the kernel ends inside \(part)"
    case .wrongLength(let part, let length): "message of the kernel has \(part) of impossible length \(length)"
    case .wrongValue(let part): "message of the kernel has a wrong value in \(part)"
    case .missing(let part): "message of the kernel lacks \(part)"
    }
  }
}
