/// One step of `GET /images/{name}/history`, newest first.
/// The image's id for the newest step, `<missing>` for the others.
public struct ImageHistoryItem: APIObject, Equatable {
  public var id: String = ""
  /// Unix time in seconds.
  public var created: Int64 = 0
  public var createdBy: String = ""
  public var tags: [String]?
  /// Bytes of the step's unpacked layer; 0 when it made none.
  public var size: Int64 = 0
  public var comment: String = ""

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Id", &id)
    try object.present("Created", &created)
    try object.present("CreatedBy", &createdBy)
    try object.nullable("Tags", &tags)
    try object.present("Size", &size)
    try object.present("Comment", &comment)
  }
}
