/// The body of every answer with a status from 400 on.
public struct ErrorResponse: Codable, Sendable, Equatable {
  @Present public var message: String = ""

  public init(message: String = "") {
    self.message = message
  }

  private enum CodingKeys: String, CodingKey {
    case message
  }
}
