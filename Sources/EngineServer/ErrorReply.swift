import Diagnostics
import EngineAPI
import NIOCore
import NIOHTTP1

extension HTTPResponseStatus {
  /// The one table from the kinds of faults to HTTP, as Docker's clients expect it.
  init(_ kind: ErrorKind) {
    switch kind {
    case .notModified: self = .notModified
    case .invalid: self = .badRequest
    case .unauthorized: self = .unauthorized
    case .forbidden: self = .forbidden
    case .notFound: self = .notFound
    case .conflict: self = .conflict
    case .unsupported: self = .notImplemented
    case .unavailable: self = .serviceUnavailable
    case .cancelled, .dataLoss, .system: self = .internalServerError
    }
  }
}

/// An error as an answer: a status, and `{"message": …}` where the status may have a body.
struct ErrorReply: Sendable {
  let status: HTTPResponseStatus
  let message: String

  init(status: HTTPResponseStatus, message: String) {
    self.status = status
    self.message = message
  }

  init(_ error: any Error) {
    self.init(status: HTTPResponseStatus(errorKind(of: error)), message: explanation(of: error))
  }

  /// What the decoder could not read.
  init(undecodable error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow:
      self.init(status: .requestHeaderFieldsTooLarge, message: "the request's head is too long")
    case is HeadTimeout:
      self.init(status: .requestTimeout, message: "the request's head took too long to arrive")
    default:
      self.init(status: .badRequest, message: "malformed HTTP request")
    }
  }

  var hasBody: Bool { status != .notModified }

  var headers: HTTPHeaders {
    guard hasBody else { return [:] }
    return ["Content-Type": "application/json", "Content-Length": String(body.readableBytes)]
  }

  var body: ByteBuffer {
    // A string always encodes.
    (try? jsonLine(ErrorResponse(message: message))) ?? ByteBuffer(string: "{}\n")
  }
}
