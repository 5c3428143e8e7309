/// One thing that `DELETE /images/{name}` did: a name taken away, or a layer or image removed.
public struct ImageDeleteItem: APIObject, Equatable {
  public var untagged: String?
  public var deleted: String?

  public init() {}

  public init(untagged: String? = nil, deleted: String? = nil) {
    self.untagged = untagged
    self.deleted = deleted
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("Untagged", &untagged)
    try object.optional("Deleted", &deleted)
  }
}
