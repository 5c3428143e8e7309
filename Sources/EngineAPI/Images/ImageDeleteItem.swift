/// One thing that `DELETE /images/{name}` did: a name taken away, or a layer or image removed.
public struct ImageDeleteItem: Codable, Sendable, Equatable {
  public var untagged: String?
  public var deleted: String?

  public init(untagged: String? = nil, deleted: String? = nil) {
    self.untagged = untagged
    self.deleted = deleted
  }

  private enum CodingKeys: String, CodingKey {
    case untagged = "Untagged"
    case deleted = "Deleted"
  }
}
