/// What `POST /containers/{id}/wait` answers when the wait is over.
public struct WaitResponse: Codable, Sendable, Equatable {
  @Present public var statusCode: Int = 0
  public var error: WaitError?

  public init(statusCode: Int = 0, error: WaitError? = nil) {
    self.statusCode = statusCode
    self.error = error
  }

  private enum CodingKeys: String, CodingKey {
    case statusCode = "StatusCode"
    case error = "Error"
  }
}

/// Why waiting failed.
public struct WaitError: Codable, Sendable, Equatable {
  @Present public var message: String = ""

  public init(message: String = "") {
    self.message = message
  }

  private enum CodingKeys: String, CodingKey {
    case message = "Message"
  }
}
