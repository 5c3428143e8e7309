import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import OCIImageSpec

/// Why one request to one registry failed, with what is needed to decide whether to try again, or elsewhere.
///
/// It stays inside this room; `RemoteRepository` turns it into a `ClassifiedError` in the user's terms.
struct RegistryFailure: Error, Sendable {
  enum Cause: Sendable {
    /// No connection, or none that could be trusted.
    case connection
    /// The connection broke off or stood still.
    case interruption
    /// The registry's answer was an error.
    case status(UInt)
    /// What came is not what was asked for.
    case verification
    /// The registry asks for something that must not be done.
    case refusal
  }

  let cause: Cause
  let kind: ErrorKind
  let message: String
  var advice: String?
  /// The registry's own words, if it answered in the distribution spec's form.
  var answer: DistributionError?
  /// How long the registry asks to be left alone.
  var retryAfter: Duration?

  init(_ cause: Cause, _ kind: ErrorKind, _ message: String, advice: String? = nil) {
    self.cause = cause
    self.kind = kind
    self.message = message
    self.advice = advice
  }

  /// Whether the same request may succeed a little later.
  var isTransient: Bool {
    switch cause {
    case .interruption: true
    case .status(let code): code == 408 || code == 429 || (500...504).contains(code) && code != 501
    case .connection, .verification, .refusal: false
    }
  }

  var isVerification: Bool {
    if case .verification = cause { true } else { false }
  }

  var isConnection: Bool {
    if case .connection = cause { true } else { false }
  }

  var classified: ClassifiedError { ClassifiedError(kind, message, advice: advice) }
}

extension RegistryFailure {
  /// The longest error page that is read.
  private static let bodyLimit = 64 * 1024

  /// What an answer with an error status means. Reads its body.
  static func of(_ response: HTTPClientResponse, to method: HTTPMethod, _ url: RemoteURL) async -> RegistryFailure {
    // An error page that cannot be read says no more than its status does.
    let body = try? await response.body.collect(upTo: bodyLimit)
    var answer = body.flatMap { DistributionError(body: Array($0.readableBytesView)) }
    if let challenged = challengeError(response, answer) { answer = challenged }
    var failure = RegistryFailure(
      .status(response.status.code), kind(of: response.status.code, answer),
      answer?.description ?? "received unexpected HTTP status: \(response.status.code) \(response.status.reasonPhrase)")
    if answer == nil { failure = failure.during(method, url) }
    failure.answer = answer
    failure.retryAfter = response.headers.first(name: "retry-after").flatMap { Int($0) }.map { .seconds($0) }
    if response.status == .tooManyRequests {
      failure.advice = "the registry limits how often it may be asked; log in, or try again later"
    }
    return failure
  }

  /// A bearer challenge may name the reason (RFC 6750, section 3.1), and registries leave the body vague then.
  private static func challengeError(_ response: HTTPClientResponse, _ answer: DistributionError?) -> DistributionError?
  {
    guard response.status == .unauthorized else { return nil }
    let challenges = AuthenticationChallenge.parse(response.headers["www-authenticate"])
    for challenge in challenges where challenge.scheme == "bearer" {
      let description = challenge.parameters["error_description"]
      switch challenge.parameters["error"] {
      case "insufficient_scope":
        return DistributionError(
          code: "DENIED", message: description ?? "requested access to the resource is denied")
      case "invalid_token" where answer == nil:
        return DistributionError(code: "UNAUTHORIZED", message: description ?? "authentication required")
      default: continue
      }
    }
    return nil
  }

  private static func kind(of status: UInt, _ answer: DistributionError?) -> ErrorKind {
    switch status {
    case 401: .unauthorized
    case 403: .forbidden
    case 404: .notFound
    case 408, 429, 500...: .unavailable
    default: .system
    }
  }

  /// The same with the request in front, as Go's HTTP client writes it and Docker's users know it.
  func during(_ method: HTTPMethod, _ url: RemoteURL) -> RegistryFailure {
    let verb = method.rawValue.prefix(1) + method.rawValue.dropFirst().lowercased()
    var failure = RegistryFailure(cause, kind, "\(verb) \"\(url.withoutQuery)\": \(message)", advice: advice)
    failure.answer = answer
    failure.retryAfter = retryAfter
    return failure
  }
}
