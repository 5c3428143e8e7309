public import Diagnostics

/// Why a call to the server failed, in the words of Docker's CLI.
public enum EngineFault: Error, Sendable, Equatable {
  /// Nobody answers at the address; `detail` says why when it is more than that.
  case unreachable(EngineAddress, detail: String?)
  /// The server refused.
  case refused(status: Int, message: String)
  /// The connection ended in the middle of an answer.
  case disconnected
  /// The answer is not what the protocol allows.
  case malformed(String)

  /// The HTTP status of a refusal.
  public var status: Int? {
    if case .refused(let status, _) = self { status } else { nil }
  }

  /// The server's own words, without the words in front that say they are the server's.
  public var serverMessage: String? {
    if case .refused(_, let message) = self { message } else { nil }
  }
}

extension EngineFault: Classifiable, CustomStringConvertible {
  public var kind: ErrorKind {
    switch self {
    case .unreachable, .disconnected: .unavailable
    case .malformed: .system
    case .refused(let status, _):
      switch status {
      case 304: .notModified
      case 400: .invalid
      case 401: .unauthorized
      case 403: .forbidden
      case 404: .notFound
      case 409: .conflict
      case 501: .unsupported
      case 503: .unavailable
      default: .system
      }
    }
  }

  public var explanation: String {
    switch self {
    case .unreachable(let address, nil):
      "Cannot connect to the Apus daemon at \(address). Is the apus daemon running?"
    case .unreachable(let address, let detail?):
      "Cannot connect to the Apus daemon at \(address): \(detail)"
    case .refused(let status, let message):
      "Error response from daemon: \(message.isEmpty ? "status \(status) without a message" : message)"
    case .disconnected: "the server closed the connection before it had answered"
    case .malformed(let what): "unreadable answer from the server: \(what)"
    }
  }

  public var description: String { explanation }
}
