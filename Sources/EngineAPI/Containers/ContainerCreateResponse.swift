/// What `POST /containers/create` answers.
public struct ContainerCreateResponse: Codable, Sendable, Equatable {
  @Present public var id: String = ""
  @Present public var warnings: [String] = []

  public init(id: String = "", warnings: [String] = []) {
    self.id = id
    self.warnings = warnings
  }

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case warnings = "Warnings"
  }
}
