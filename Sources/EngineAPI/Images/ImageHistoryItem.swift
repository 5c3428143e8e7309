/// One step of `GET /images/{name}/history`, newest first.
/// The image's id for the newest step, `<missing>` for the others.
public struct ImageHistoryItem: Codable, Sendable, Equatable {
  @Present public var id: String = ""
  /// Unix time in seconds.
  @Present public var created: Int64 = 0
  @Present public var createdBy: String = ""
  @Nullable public var tags: [String]?
  /// Bytes of the step's unpacked layer; 0 when it made none.
  @Present public var size: Int64 = 0
  @Present public var comment: String = ""

  public init(
    id: String = "", created: Int64 = 0, createdBy: String = "", tags: [String]? = nil, size: Int64 = 0,
    comment: String = ""
  ) {
    self.id = id
    self.created = created
    self.createdBy = createdBy
    self.tags = tags
    self.size = size
    self.comment = comment
  }

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case created = "Created"
    case createdBy = "CreatedBy"
    case tags = "Tags"
    case size = "Size"
    case comment = "Comment"
  }
}
