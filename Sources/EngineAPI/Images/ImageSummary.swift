/// One image in `GET /images/json`.
/// The digest of the image's configuration.
public struct ImageSummary: Codable, Sendable, Equatable {
  @Present public var id: String = ""
  @Present public var parentID: String = ""
  @Present public var repoTags: [String] = []
  @Present public var repoDigests: [String] = []
  /// Unix time in seconds.
  @Present public var created: Int64 = 0
  /// Bytes of all unpacked layers.
  @Present public var size: Int64 = 0
  /// Bytes shared with other images; -1: not computed.
  @Present public var sharedSize: Int64 = -1
  /// Present below API 1.44 only; the same as `size`.
  public var virtualSize: Int64?
  @Nullable public var labels: [String: String]?
  /// How many containers use it; -1: not computed.
  @Present public var containers: Int = -1

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

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case parentID = "ParentId"
    case repoTags = "RepoTags"
    case repoDigests = "RepoDigests"
    case created = "Created"
    case size = "Size"
    case sharedSize = "SharedSize"
    case virtualSize = "VirtualSize"
    case labels = "Labels"
    case containers = "Containers"
  }
}
