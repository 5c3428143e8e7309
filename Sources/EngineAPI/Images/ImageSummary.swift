/// One image in `GET /images/json`.
/// The digest of the image's configuration.
public struct ImageSummary: APIObject, Equatable {
  public var id: String = ""
  public var parentID: String = ""
  public var repoTags: [String] = []
  public var repoDigests: [String] = []
  /// Unix time in seconds.
  public var created: Int64 = 0
  /// Bytes of all unpacked layers.
  public var size: Int64 = 0
  /// Bytes shared with other images; -1: not computed.
  public var sharedSize: Int64 = -1
  /// Present below API 1.44 only; the same as `size`.
  public var virtualSize: Int64?
  public var labels: [String: String]?
  /// How many containers use it; -1: not computed.
  public var containers: Int = -1

  public init() {}

  public init(
    id: String = "", parentID: String = "", repoTags: [String] = [], repoDigests: [String] = [], created: Int64 = 0,
    size: Int64 = 0, sharedSize: Int64 = -1, virtualSize: Int64? = nil, labels: [String: String]? = nil,
    containers: Int = -1
  ) {
    self.id = id
    self.parentID = parentID
    self.repoTags = repoTags
    self.repoDigests = repoDigests
    self.created = created
    self.size = size
    self.sharedSize = sharedSize
    self.virtualSize = virtualSize
    self.labels = labels
    self.containers = containers
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Id", &id)
    try object.present("ParentId", &parentID)
    try object.present("RepoTags", &repoTags)
    try object.present("RepoDigests", &repoDigests)
    try object.present("Created", &created)
    try object.present("Size", &size)
    try object.present("SharedSize", &sharedSize)
    try object.optional("VirtualSize", &virtualSize)
    try object.nullable("Labels", &labels)
    try object.present("Containers", &containers)
  }
}
